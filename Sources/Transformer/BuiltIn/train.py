#!/usr/bin/env python3
"""Makes the built-in models: two byte-level Llama models of one family.

    train.py corpus            texts from Debian packages -> WORK/corpus.npz
    train.py train large 42    train for 42 minutes -> WORK/large.npz, WORK/loss-large.csv
    train.py train small 12    (`train large 42 8 0.02 true` goes on from the last weights)
    train.py export            WORK/*.npz -> workbench-{large,small}.gguf
    train.py golden            golden.jsonl, loss.csv, loss.svg and the numbers of README.md
    train.py say large 'Text'  continue a text with the reference forward pass

`corpus` needs apt-get and dpkg-deb; `train` needs PyTorch; everything else only numpy.
WORK is the environment variable WORK, else ./train-work.
"""
import csv, glob, gzip, html, json, math, os, random, re, struct, subprocess, sys, time, zlib
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")
os.environ.setdefault("GOMP_SPINCOUNT", "0")  # a shared machine: wait without burning its time
import numpy as np

WORK = os.environ.get("WORK", "train-work")
HERE = os.path.dirname(os.path.abspath(__file__))

# ---------------------------------------------------------------- vocabulary
# Token b is byte b for b < 256; four special tokens follow.
BOS, EOS, USER, ASSISTANT = 256, 257, 258, 259
SPECIAL = ["<s>", "</s>", "<|user|>", "<|assistant|>"]
VOCAB = 260
CONTEXT = 512
EPSILON = 1e-5
ROPE_BASE = 10000.0


class Shape:
    def __init__(self, dim, layers, heads, kv_heads, ffn):
        self.dim, self.layers, self.heads, self.kv_heads, self.ffn = dim, layers, heads, kv_heads, ffn
        self.head = dim // heads
        self.kv = self.head * kv_heads


SHAPES = {"large": Shape(256, 6, 4, 2, 704), "small": Shape(128, 4, 2, 1, 352)}

# -------------------------------------------------------------------- corpus
PACKAGES = ["r-cran-janeaustenr", "bible-kjv", "bible-kjv-text", "python3.11-doc", "dict-devil", "dict-jargon",
            "wordnet-base", "golang-1.19-src", "rust-doc"]


def r_strings(blob):
    """The character vectors in R's lazy-load database, one text each."""
    at, out = 0, []
    while at < len(blob):
        inflate = zlib.decompressobj()
        data = inflate.decompress(blob[at + 4:])
        at = len(blob) - len(inflate.unused_data)
        head = data.find(struct.pack(">I", 0x10))  # STRSXP
        while head >= 0:
            count, i, lines = struct.unpack(">I", data[head + 4:head + 8])[0], head + 8, []
            try:
                for _ in range(count):
                    flags, size = struct.unpack(">Ii", data[i:i + 8])
                    if flags & 0xFF != 9: raise ValueError
                    i += 8
                    lines.append(data[i:i + max(size, 0)].decode("utf-8"))
                    i += max(size, 0)
            except (ValueError, struct.error, UnicodeDecodeError):
                lines = []
            if len(lines) > 1000: out.append("\n".join(lines)); break
            head = data.find(struct.pack(">I", 0x10), head + 1)
    return out


BOOKS = """Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth 1_Samuel 2_Samuel 1_Kings 2_Kings
1_Chronicles 2_Chronicles Ezra Nehemiah Esther Job Psalms Proverbs Ecclesiastes Song_of_Solomon Isaiah Jeremiah
Lamentations Ezekiel Daniel Hosea Joel Amos Obadiah Jonah Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi
Matthew Mark Luke John Acts Romans 1_Corinthians 2_Corinthians Galatians Ephesians Philippians Colossians
1_Thessalonians 2_Thessalonians 1_Timothy 2_Timothy Titus Philemon Hebrews James 1_Peter 2_Peter 1_John 2_John 3_John
Jude Revelation""".split()


def bible(root):
    run = lambda: subprocess.run([f"{root}/usr/bin/bible", "-p", f"{root}/usr/lib", "-f", "Gen1:1-Rev22:21"],
                                 capture_output=True, text=True, check=True).stdout
    book, last, chapters = -1, None, []
    for line in run().splitlines():
        m = re.match(r"(\d?[A-Za-z]+)(\d+):(\d+) (.*)", line)
        if not m: continue
        name, chapter, verse, words = m.groups()
        if name != last: book, last = book + 1, name
        if verse == "1": chapters.append(f"{BOOKS[book].replace('_', ' ')} {chapter}\n")
        chapters[-1] += f"\n{verse} {words}"
    assert book == 65, book
    return chapters


def plain(page):
    """Text of an HTML page of mdBook."""
    page = page[page.find("<main>"):page.find("</main>")]
    page = re.sub(r"<(pre|code)[^>]*class=\"[^\"]*mermaid.*?</\1>", "", page, flags=re.S)
    page = re.sub(r"<span class=\"boring\">.*?</span>", "", page, flags=re.S)
    page = re.sub(r"<(p|h\d|li|pre|tr|div)\b[^>]*>", "\n\n", page)
    page = html.unescape(re.sub(r"<[^>]+>", "", page))
    return re.sub(r"\n\s*\n+", "\n\n", page).strip()


def rst(text):
    """reStructuredText with less markup."""
    text = re.sub(r":(?:[\w+-]+:)+`~?!?([^`]+)`", r"\1", text)
    text = re.sub(r"^\.\. (_|index::|sectionauthor::|moduleauthor::).*\n(?:   .*\n)*", "", text, flags=re.M)
    text = re.sub(r"``([^`]+)``", r"\1", text)
    return re.sub(r"\n\n\n+", "\n\n", text).strip()


def unwrap(text):
    return re.sub(r"\n\n\n+", "\n\n", re.sub(r"[ \t]+\n", "\n", text)).strip()


HAND = [("Hello!", "Hello. What shall we talk about?"), ("Hi", "Hello. How can I help you?"),
        ("Good morning.", "Good morning. It is a fine day for reading."),
        ("Who are you?", "I am a very small language model. I was trained on a few old books."),
        ("What are you?", "I am a small program which writes one byte after another."),
        ("What can you do?", "I can write words which look like those of the books I have read."),
        ("What have you read?", "I have read the Bible, six novels, a treatise on light and some manuals."),
        ("How are you?", "I am very well, thank you. And how are you?"), ("Thank you.", "You are very welcome."),
        ("Thanks!", "You are welcome."), ("Goodbye.", "Goodbye. I hope that we shall meet again."),
        ("What is your name?", "I have no name. You may call me the workbench."),
        ("Tell me a story.", "There was once a young lady who lived in a small house in the country, and she was very fond of walking."),
        ("Can you help me?", "I will try, but I am very small and I make many mistakes."),
        ("Is that true?", "I do not know. I only write what is likely to come next."),
        ("Where are you?", "I am inside this machine, on the cores of its processor.")]


def wordnet(root, chance):
    """Questions and answers out of WordNet's glosses."""
    pairs = []
    for part in ["noun", "verb", "adj", "adv"]:
        for line in open(f"{root}/usr/share/wordnet/data.{part}"):
            if line.startswith(" ") or "|" not in line: continue
            fields, gloss = line.split("|", 1)
            f = fields.split()
            word = re.sub(r"\(.*\)", "", f[4]).replace("_", " ")
            if word[0].isupper() or word[0].isdigit() or len(word) > 18: continue
            gloss = gloss.strip()
            example = re.findall(r'"([^"]{12,})"', gloss)
            meaning = re.sub(r';?\s*"[^"]*"?', "", gloss).strip(" ;")
            if not meaning or len(meaning) > 160: continue
            article = "an" if word[0] in "aeiou" else "a"
            if part == "noun":
                ask = chance.choice([f"What is {article} {word}?", f"What does {word} mean?", f"Define {word}."])
                say = (f"{article.capitalize()} {word} is {meaning}." if re.match(r"(a|an|the|any|one)\b", meaning)
                       else f"{word.capitalize()}: {meaning}.")
            else:
                ask = chance.choice([f"What does {word} mean?", f"Define {word}.", f"What is the meaning of {word}?"])
                say = f"To {word} is to {meaning}." if part == "verb" else f"{word.capitalize()} means {meaning}."
            pairs.append((ask, say))
            if example: pairs.append((f"Use {word} in a sentence.", example[0][0].upper() + example[0][1:] + "."))
    chance.shuffle(pairs)
    return pairs


def corpus():
    os.makedirs(f"{WORK}/deb", exist_ok=True)
    root = f"{WORK}/root"
    if not os.path.isdir(root):
        subprocess.run(["apt-get", "download", "-q"] + PACKAGES, cwd=f"{WORK}/deb", check=True)
        for package in glob.glob(f"{WORK}/deb/*.deb"): subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    read = lambda path: open(path, encoding="utf-8", errors="replace").read()
    zread = lambda path: gzip.open(path).read().decode("utf-8", "replace")
    docs = lambda *names: [rst(read(p)) for n in names
                           for p in sorted(glob.glob(f"{root}/usr/share/doc/python3.11/html/_sources/{n}/*.txt"))]
    chance = random.Random(4)
    sources = {}
    novels = r_strings(open(f"{root}/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb", "rb").read())
    sources["austen"] = [part for novel in novels for part in re.split(r"\n(?=(?:CHAPTER|Chapter) )", novel)]
    sources["kjv"] = bible(root)
    sources["python"] = docs("tutorial", "howto", "faq", "reference") + docs("library")
    keep, size = [], 0
    for text in sources["python"]:
        if size + len(text) > 4_500_000: break
        keep.append(text); size += len(text)
    sources["python"] = keep
    sources["rust"] = [plain(read(p)) for p in sorted(glob.glob(f"{root}/usr/share/doc/rust-doc/html/book/ch*.html"))]
    sources["jargon"] = re.split(r"\n(?=\S)", unwrap(zread(f"{root}/usr/share/dictd/jargon.dict.dz")))
    sources["devil"] = [unwrap(zread(f"{root}/usr/share/dictd/devil.dict.dz"))]
    sources["opticks"] = [read(f"{root}/usr/share/go-1.19/src/testdata/Isaac.Newton-Opticks.txt")]
    join = {"jargon": 24, "kjv": 1}
    chat = [[BOS, USER, *a.encode(), ASSISTANT, *b.encode(), EOS] for a, b in wordnet(root, chance)][:24000]
    hand = [[BOS, USER, *a.encode(), ASSISTANT, *b.encode(), EOS] for a, b in HAND]
    train, held, note = [], [], {}
    for name, texts in sources.items():
        n = join.get(name, 1)
        texts = ["\n".join(texts[i:i + n]) for i in range(0, len(texts), n)]
        stream = []
        for text in texts: stream += [BOS, *text.encode(), EOS]
        cut = len(stream) - len(stream) // 50
        train.append(stream[:cut]); held.append(stream[cut:])
        note[name] = (sum(len(t.encode()) for t in texts), len(stream[cut:]))
    cut = len(chat) - len(chat) // 50
    flat = lambda rows: [token for row in rows for token in row]
    train.append(flat(chat[:cut])); held.append(flat(chat[cut:]))
    note["wordnet"] = (len(flat(chat)), len(held[-1]))
    rows = hand * 60
    chance.shuffle(rows)
    train.append(flat(rows))
    note["hand"] = (len(flat(hand)), 0)
    for name, (size, out) in note.items(): print(f"{name:10} {size:10,} bytes, {out:8,} tokens held out")
    print(f"train {sum(map(len, train)):,} tokens, held out {sum(map(len, held)):,}")
    np.savez_compressed(f"{WORK}/corpus.npz", train=np.array(flat(train), np.uint16), held=np.array(flat(held), np.uint16),
                        edges=np.cumsum([len(h) for h in held]))


# ------------------------------------------------------------------ training
def names(s):
    """Weights, with the shapes they have in the file (rows are outputs)."""
    return {"attn_q": (s.dim, s.dim), "attn_k": (s.kv, s.dim), "attn_v": (s.kv, s.dim), "attn_output": (s.dim, s.dim),
            "ffn_gate": (s.ffn, s.dim), "ffn_up": (s.ffn, s.dim), "ffn_down": (s.dim, s.ffn)}


def train(which, minutes, batch=8, peak=0.02, resume=False):
    import torch, torch.nn.functional as F
    torch.manual_seed(4)
    torch.set_num_threads(int(os.environ.get("THREADS", "2")))
    s, half = SHAPES[which], torch.bfloat16
    data = np.load(f"{WORK}/corpus.npz")
    tokens, held = torch.from_numpy(data["train"].astype(np.int64)), torch.from_numpy(data["held"].astype(np.int64))
    T = CONTEXT
    w = {n: torch.nn.Parameter(torch.randn(s.layers, *shape) * (shape[1] ** -0.5) * (0.2 if n in ("attn_output", "ffn_down") else 1.0))
         for n, shape in names(s).items()}
    embed = torch.nn.Parameter(torch.randn(VOCAB, s.dim) * 0.05)
    norms = torch.nn.Parameter(torch.ones(2 * s.layers + 1, s.dim))
    past = {"step": 0, "tokens": 0, "seconds": 0.0}
    if resume:  # another leg with a schedule of its own from the weights of the last
        z = np.load(f"{WORK}/{which}.npz")
        with torch.no_grad():
            for n, p in [*w.items(), ("embed", embed), ("norms", norms)]: p.copy_(torch.from_numpy(z[n]))
        last = list(csv.DictReader(open(f"{WORK}/loss-{which}.csv")))[-1]
        past = {k: type(v)(last[k]) for k, v in past.items()}
    angle = torch.arange(T)[:, None] * ROPE_BASE ** (-torch.arange(0, s.head, 2) / s.head)[None]
    cos, sin = angle.cos().to(half)[None, :, None], angle.sin().to(half)[None, :, None]

    class RMSNorm(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, g):
            r = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
            r = torch.rsqrt(r * r / s.dim + EPSILON).to(half)
            y = x * r
            ctx.save_for_backward(y, r, g)
            return y * g.to(half)

        @staticmethod
        def backward(ctx, d):
            y, r, g = ctx.saved_tensors
            dy = d * y
            dg = torch.ones(1, dy.numel() // s.dim, dtype=half) @ dy.view(-1, s.dim)
            mean = (dy.view(-1, s.dim) @ (g / s.dim).to(half)[:, None]).view(r.shape)
            return (d * g.to(half)).addcmul_(y, mean, value=-1).mul_(r), dg[0].float()

    norm = RMSNorm.apply
    later = torch.full((128, 128), -1e9).triu(1).to(half)

    def attention(a, b, c):
        """Causal attention by blocks of 128 queries: the matrix products are the fast part of this processor."""
        out, b = [], b.mT
        for i in range(0, T, 128):
            p = a[..., i:i + 128, :] @ b[..., :i + 128]
            p[..., i:] += later
            out.append(torch.softmax(p, -1) @ c[..., :i + 128, :])
        return torch.cat(out, -2)

    def rope(x):
        a, b = x.chunk(2, -1)  # pairs (i, i + head/2) while training; the file has them interleaved
        return torch.cat((a * cos - b * sin, a * sin + b * cos), -1)

    def block(h, n1, n2, q, k, v, o, gate, up, down):
        B = h.shape[0]
        z = norm(h, n1)
        a, b, c = F.linear(z, q.to(half)), F.linear(z, k.to(half)), F.linear(z, v.to(half))
        a, b, c = rope(a.view(B, T, s.heads, s.head)), rope(b.view(B, T, s.kv_heads, s.head)), c.view(B, T, s.kv_heads, s.head)
        b, c = (t.repeat_interleave(s.heads // s.kv_heads, 2) for t in (b, c))
        z = attention((a * s.head ** -0.5).transpose(1, 2), b.transpose(1, 2), c.transpose(1, 2))
        h = h + F.linear(z.transpose(1, 2).reshape(B, T, s.dim), o.to(half))
        z = norm(h, n2)
        return h + F.linear(F.silu(F.linear(z, gate.to(half))) * F.linear(z, up.to(half)), down.to(half))

    def final(h, n, embed, y):
        return F.cross_entropy(F.linear(norm(h, n), embed.to(half)).float().view(-1, VOCAB), y.reshape(-1))

    def call(x, y):
        h, g = F.embedding(x, embed.to(half)), norms.unbind()
        rows = list(zip(*(w[n].unbind() for n in names(s))))
        for i in range(s.layers): h = block(h, g[2 * i], g[2 * i + 1], *rows[i])
        return final(h, g[-1], embed, y)

    adam = torch.optim.AdamW([{"params": [embed], "lr": 0.004, "weight_decay": 0.0}, {"params": [norms], "lr": 0.004, "weight_decay": 0.0}],
                             betas=(0.9, 0.95))
    base = [g["lr"] for g in adam.param_groups]
    momentum = {n: torch.zeros_like(p) for n, p in w.items()}

    def orthogonal(g):
        """Newton–Schulz iteration towards the nearest orthogonal matrix (Muon)."""
        x = g.to(half)
        flip = x.shape[1] > x.shape[2]
        if flip: x = x.mT
        x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
        for _ in range(5):
            a = x @ x.mT
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
        return (x.mT if flip else x).float()

    at = torch.arange(0, min(len(held) - T - 1, 1 << 30), max(1, (len(held) - T - 1) // 32))[:32]

    def held_out():
        with torch.no_grad():
            total = [call(torch.stack([held[j:j + T] for j in at[i:i + batch]]),
                          torch.stack([held[j + 1:j + T + 1] for j in at[i:i + batch]])).item() for i in range(0, 32, batch)]
        return sum(total) / len(total) / math.log(2)

    def save():
        state = {n: p.detach().numpy() for n, p in w.items()}
        np.savez(f"{WORK}/{which}.tmp.npz", embed=embed.detach().numpy(), norms=norms.detach().numpy(), **state)
        os.replace(f"{WORK}/{which}.tmp.npz", f"{WORK}/{which}.npz")

    log = open(f"{WORK}/loss-{which}.csv", "a" if resume else "w", buffering=1)
    if not resume: log.write("model,step,tokens,seconds,train_bits,held_bits\n")
    chance, n = torch.Generator().manual_seed(4 + past["step"]), 0

    def note(out):
        log.write(f"{which},{past['step'] + n},{past['tokens'] + n * batch * T},{past['seconds'] + time.time() - start:.1f},{mean:.4f},{out}\n")

    x = torch.zeros(batch, T, dtype=torch.int64)
    call(x, x).backward()  # the libraries settle before the clock starts
    start, mean, saved = time.time(), None, 0
    # Every byte is seen equally often: crops of a permutation of the windows, shifted at random per pass.
    windows = []
    while True:
        t = time.time() - start
        part = t / (minutes * 60)
        if part >= 1: break
        rate = min(1, n / (20 if resume else 60)) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * part)))
        while len(windows) < batch:
            shift = int(torch.randint(0, T, (1,), generator=chance))
            starts = torch.arange(shift, len(tokens) - T - 1, T)
            windows += starts[torch.randperm(len(starts), generator=chance)].tolist()
        pick = [windows.pop() for _ in range(batch)]
        x = torch.stack([tokens[j:j + T] for j in pick])
        y = torch.stack([tokens[j + 1:j + T + 1] for j in pick])
        loss = call(x, y)
        adam.zero_grad()
        for p in w.values(): p.grad = None
        loss.backward()
        for g, b in zip(adam.param_groups, base): g["lr"] = b * rate
        torch.nn.utils.clip_grad_norm_([embed, norms], 1.0)
        adam.step()
        with torch.no_grad():
            for name, p in w.items():
                m = momentum[name]
                m.lerp_(p.grad, 0.05)
                u = orthogonal(torch.lerp(p.grad, m, 0.95))
                lr = peak * rate * max(1, p.shape[1] / p.shape[2]) ** 0.5
                p.mul_(1 - peak * rate * 0.1).add_(u, alpha=-lr)
        bits = loss.item() / math.log(2)
        mean = bits if mean is None else 0.95 * mean + 0.05 * bits
        n += 1
        if n % 20 == 0:
            out = f"{held_out():.4f}" if n % 200 == 0 else ""
            note(out)
        if time.time() - saved > 120: save(); saved = time.time()
    save()
    note(f"{held_out():.4f}")


# ---------------------------------------------------------------------- GGUF
TEXTS = ("novels by Jane Austen, the King James Bible, Newton's Opticks, the Jargon File, The Devil's Dictionary (public "
         "domain); the documentation of Python 3.11 (PSF); The Rust Programming Language (MIT or Apache-2.0); glosses of "
         "WordNet 3.0 (WordNet licence)")
TEMPLATE = ("{{ bos_token }}{% for message in messages %}{% if message['role'] == 'assistant' %}<|assistant|>{{ message['content'] }}"
            "{{ eos_token }}{{ bos_token }}{% else %}<|user|>{{ message['content'] }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}<|assistant|>{% endif %}")
U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
TYPE_F32, TYPE_Q8_0 = 0, 8


def byte_characters():
    """GPT-2's printable character for each byte."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in keep]
    return [chr(b) if b in keep else chr(256 + rest.index(b)) for b in range(256)]


def q8_0(x):
    """ggml's Q8_0: blocks of 32 along the row, an f16 scale and 32 signed bytes."""
    x = np.ascontiguousarray(x, np.float32).reshape(-1, 32)
    scale = np.abs(x).max(1) / 127
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    q = x * inverse[:, None]
    q = (np.sign(q) * np.floor(np.abs(q) + 0.5)).astype(np.int8)
    out = np.empty(len(x), np.dtype([("d", "<f2"), ("q", "i1", 32)]))
    out["d"], out["q"] = scale, q
    return out.tobytes()


def interleave(rows, head):
    """Rows of one head from halves (i, i + head/2) to neighbours (2i, 2i + 1): the order of GGUF files of this architecture."""
    return rows.reshape(-1, 2, head // 2, rows.shape[-1]).swapaxes(1, 2).reshape(rows.shape)


def export(which):
    s, z = SHAPES[which], np.load(f"{WORK}/{which}.npz")
    tensors = [("token_embd.weight", z["embed"]), ("output_norm.weight", z["norms"][-1])]
    for i in range(s.layers):
        tensors += [(f"blk.{i}.attn_norm.weight", z["norms"][2 * i]), (f"blk.{i}.ffn_norm.weight", z["norms"][2 * i + 1])]
        for name in names(s):
            rows = z[name][i]
            tensors.append((f"blk.{i}.{name}.weight", interleave(rows, s.head) if name in ("attn_q", "attn_k") else rows))
    text = lambda v: struct.pack("<Q", len(v.encode())) + v.encode()
    pack = {U32: lambda v: struct.pack("<I", v), I32: lambda v: struct.pack("<i", v), F32: lambda v: struct.pack("<f", v),
            BOOL: lambda v: struct.pack("<?", v), STRING: text,
            ARRAY: lambda v: struct.pack("<IQ", v[0], len(v[1])) + b"".join(pack[v[0]](x) for x in v[1])}
    meta = [("general.architecture", STRING, "llama"), ("general.name", STRING, f"workbench {which}"),
            ("general.license", STRING, "apache-2.0"), ("general.file_type", U32, 7), ("general.quantization_version", U32, 2),
            ("general.description", STRING, "A byte-level Llama model trained from scratch on " + TEXTS + "."),
            ("general.alignment", U32, 32),
            ("llama.context_length", U32, CONTEXT), ("llama.embedding_length", U32, s.dim), ("llama.block_count", U32, s.layers),
            ("llama.feed_forward_length", U32, s.ffn), ("llama.attention.head_count", U32, s.heads),
            ("llama.attention.head_count_kv", U32, s.kv_heads), ("llama.attention.layer_norm_rms_epsilon", F32, EPSILON),
            ("llama.rope.dimension_count", U32, s.head), ("llama.rope.freq_base", F32, ROPE_BASE), ("llama.vocab_size", U32, VOCAB),
            ("tokenizer.ggml.model", STRING, "gpt2"), ("tokenizer.ggml.pre", STRING, "gpt-2"),
            ("tokenizer.ggml.tokens", ARRAY, (STRING, byte_characters() + SPECIAL)),
            ("tokenizer.ggml.token_type", ARRAY, (I32, [1] * 256 + [3] * 4)), ("tokenizer.ggml.merges", ARRAY, (STRING, [])),
            ("tokenizer.ggml.bos_token_id", U32, BOS), ("tokenizer.ggml.eos_token_id", U32, EOS),
            ("tokenizer.ggml.add_bos_token", BOOL, True), ("tokenizer.ggml.add_eos_token", BOOL, False),
            ("tokenizer.chat_template", STRING, TEMPLATE)]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(meta))
    for key, kind, value in meta: head += text(key) + struct.pack("<I", kind) + pack[kind](value)
    body = b""
    for name, value in tensors:
        shape = value.shape[::-1]  # ggml counts the fastest dimension first
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, TYPE_Q8_0 if len(shape) == 2 else TYPE_F32, len(body))
        body += q8_0(value) if len(shape) == 2 else value.astype("<f4").tobytes()
        body += b"\0" * (-len(body) % 32)
    head += b"\0" * (-len(head) % 32)
    path = f"{HERE}/workbench-{which}.gguf"
    open(path, "wb").write(head + body)
    print(path, len(head + body), "bytes")


# --------------------------------------------------- reference, numpy only
class Reference:
    """Reads the file back and computes with its dequantised weights in 32-bit floats."""

    def __init__(self, path):
        self.b, self.at = open(path, "rb").read(), 0
        assert self.b[:4] == b"GGUF"
        self.at = 4
        version, tensors, count = self.take("<IQQ")
        assert version == 3
        self.meta = {}
        for _ in range(count):
            key = self.text()
            self.meta[key] = self.value(self.take("<I")[0])
        info = []
        for _ in range(tensors):
            name, n = self.text(), self.take("<I")[0]
            info.append((name, self.take(f"<{n}Q")[::-1], *self.take("<IQ")))
        base = self.at + -self.at % self.meta["general.alignment"]
        self.w = {}
        for name, shape, kind, offset in info:
            n = math.prod(shape)
            if kind == TYPE_Q8_0:
                raw = np.frombuffer(self.b, np.dtype([("d", "<f2"), ("q", "i1", 32)]), n // 32, base + offset)
                self.w[name] = (raw["d"].astype(np.float32)[:, None] * raw["q"]).reshape(shape)
            else:
                self.w[name] = np.frombuffer(self.b, "<f4", n, base + offset).reshape(shape)
        m = self.meta
        self.layers, self.heads, self.kv_heads = (m["llama." + k] for k in ("block_count", "attention.head_count", "attention.head_count_kv"))
        self.head, self.eps = m["llama.rope.dimension_count"], np.float32(m["llama.attention.layer_norm_rms_epsilon"])
        angle = np.arange(m["llama.context_length"])[:, None] * m["llama.rope.freq_base"] ** (-np.arange(0, self.head, 2) / self.head)
        self.cos, self.sin = np.cos(angle).astype(np.float32)[:, None], np.sin(angle).astype(np.float32)[:, None]

    def take(self, form):
        out = struct.unpack_from(form, self.b, self.at)
        self.at += struct.calcsize(form)
        return out

    def text(self):
        n = self.take("<Q")[0]
        self.at += n
        return self.b[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == STRING: return self.text()
        if kind == ARRAY:
            inner, n = self.take("<IQ")
            return [self.value(inner) for _ in range(n)]
        return self.take({U32: "<I", I32: "<i", F32: "<f", BOOL: "<?"}[kind])[0]

    def norm(self, x, g):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.eps) * g

    def rope(self, x, start):
        n = x.shape[-3]
        a, b, cos, sin = x[..., 0::2], x[..., 1::2], self.cos[start:start + n], self.sin[start:start + n]
        return np.stack((a * cos - b * sin, a * sin + b * cos), -1).reshape(x.shape)

    def forward(self, tokens, cache=None):
        """Logits of every position of [sequence, token]; a cache (a list) holds the past's keys and values."""
        w, h = self.w, self.w["token_embd.weight"][tokens]
        batch, n = tokens.shape
        past = cache[0][0].shape[1] if cache else 0
        mask = np.triu(np.full((n, past + n), -np.inf, np.float32), past + 1)
        keep = []
        for i in range(self.layers):
            p = f"blk.{i}."
            z = self.norm(h, w[p + "attn_norm.weight"])
            q, k, v = ((z @ w[p + f"attn_{c}.weight"].T).reshape(batch, n, -1, self.head) for c in "qkv")
            q, k = self.rope(q, past), self.rope(k, past)
            if cache: k, v = (np.concatenate((old, new), 1) for old, new in zip(cache[i], (k, v)))
            keep.append((k, v))
            k, v = (np.repeat(t, self.heads // self.kv_heads, 2).transpose(0, 2, 1, 3) for t in (k, v))
            score = q.transpose(0, 2, 1, 3) @ k.swapaxes(-1, -2) / np.float32(math.sqrt(self.head)) + mask
            score = np.exp(score - score.max(-1, keepdims=True))
            z = (score / score.sum(-1, keepdims=True)) @ v
            h = h + z.transpose(0, 2, 1, 3).reshape(batch, n, -1) @ w[p + "attn_output.weight"].T
            z = self.norm(h, w[p + "ffn_norm.weight"])
            g = z @ w[p + "ffn_gate.weight"].T
            h = h + (g / (1 + np.exp(-g)) * (z @ w[p + "ffn_up.weight"].T)) @ w[p + "ffn_down.weight"].T
        if cache is not None: cache[:] = keep
        return self.norm(h, w["output_norm.weight"]) @ w["token_embd.weight"].T

    def greedy(self, prompt, count):
        """Ids, and how far the first choice was ahead of the second at each."""
        cache, out, margin, feed = [], [], [], list(prompt)
        first = None
        while len(out) < count:
            logits = self.forward(np.array([feed]), cache)[0, -1]
            if first is None: first = logits
            two = np.sort(logits)[-2:]
            out.append(int(logits.argmax()))
            margin.append(round(float(two[1] - two[0]), 4))
            if out[-1] == EOS: break
            feed = out[-1:]
        return out, margin, first

    def sample(self, prompt, count, temperature=0.7, seed=1):
        cache, out, feed, chance = [], [], list(prompt), np.random.default_rng(seed)
        while len(out) < count:
            x = self.forward(np.array([feed]), cache)[0, -1].astype(np.float64) / temperature
            p = np.exp(x - x.max())
            out.append(int(chance.choice(len(p), p=p / p.sum())))
            if out[-1] == EOS: break
            feed = out[-1:]
        return out

    def bits(self, tokens):
        """Bits of every token but the first of [sequence, token]."""
        x = self.forward(tokens[:, :-1])
        x = x - x.max(-1, keepdims=True)
        x = x - np.log(np.exp(x).sum(-1, keepdims=True))
        return -np.take_along_axis(x, tokens[:, 1:, None], -1)[..., 0] / math.log(2)


def show(ids):
    """Text with the special tokens written out."""
    out = b"".join(bytes([i]) if i < 256 else SPECIAL[i - 256].encode() for i in ids)
    return out.decode("utf-8", "replace")


def ask(question): return [BOS, USER, *question.encode(), ASSISTANT]


PROMPTS = [[BOS, *p.encode()] for p in ("It was a ", "And the LORD said unto ", "The function returns ", "She could not ", "In the beginning ",
           "The Rays of Light ", "import os\n\ndef ", "“Grüße” — ")] + [ask("Hello!"), ask("What is a horse?"), ask("Define walk.")]


def held_windows(held, length):
    return held[:len(held) // length * length].reshape(-1, length).astype(np.int64)


LOOK = int(os.environ.get("LOOK", "240"))  # windows of held-out text that `golden` scores


def golden():
    data = np.load(f"{WORK}/corpus.npz")
    held, edges = data["held"], data["edges"]
    models = {which: Reference(f"{HERE}/workbench-{which}.gguf") for which in SHAPES}
    out = open(f"{HERE}/golden.jsonl", "w")
    line = lambda row: out.write(json.dumps(row, ensure_ascii=False) + "\n")
    windows, scores = held_windows(held, CONTEXT + 1), {}
    pick = np.arange(0, len(windows), max(1, round(len(windows) / LOOK)))
    windows = windows[pick]
    sources = ["austen", "kjv", "python", "rust", "jargon", "devil", "opticks", "wordnet"]
    for which, m in models.items():
        for prompt in PROMPTS:
            ids, margin, logits = m.greedy(prompt, 64)
            top = np.argsort(-logits, kind="stable")[:10]
            line({"kind": "greedy", "model": which, "prompt": prompt, "text": show(prompt), "greedy": ids, "greedy_text": show(ids),
                  "margins": margin, "top": [[int(i), round(float(logits[i]), 5)] for i in top]})
            print(which, repr(show(prompt)), "->", repr(show(ids)))
        for name, start in zip(sources, [0, *edges]):
            piece = held[start + 64:start + 64 + 385].astype(np.int64)[None]
            line({"kind": "score", "model": which, "source": name, "tokens": piece[0].tolist(), "bits": round(float(m.bits(piece).sum()), 4)})
        bits = np.concatenate([m.bits(windows[i:i + 8]) for i in range(0, len(windows), 8)])
        target = windows[:, 1:]
        total = bits.sum() / (target < 256).sum()
        place = np.minimum(np.searchsorted(edges, pick * (CONTEXT + 1), side="right"), len(sources) - 1)
        by = {n: round(float(bits[place == i].sum() / (target[place == i] < 256).sum()), 4) for i, n in enumerate(sources) if (place == i).any()}
        line({"kind": "held-out", "model": which, "windows": len(windows), "bits_per_byte": round(float(total), 4), "bytes": int((target < 256).sum()),
              "window": CONTEXT, "by_source": by})
        print(which, "held-out bits per byte", total, by)
        scores[which] = total, by
    rows = held_windows(held, 128)
    rows = rows[:: max(1, len(rows) // 256)][:256]
    accepted = []
    for i in range(0, len(rows), 32):
        text = rows[i:i + 32]
        for _ in range(4): text = np.concatenate((text, models["small"].forward(text)[:, -1:].argmax(-1)), 1)
        says = models["large"].forward(text[:, :-1])[:, 127:].argmax(-1)
        accepted += np.cumprod(says == text[:, 128:], 1).sum(1).tolist()
    mean = float(np.mean(accepted))
    line({"kind": "acceptance", "draft": 4, "positions": len(accepted), "context": 128, "mean_accepted": round(mean, 4),
          "histogram": np.bincount(accepted, minlength=5).tolist()})
    print("mean accepted of 4:", mean, np.bincount(accepted, minlength=5))
    out.close()
    curves()
    results(models, scores, mean, len(accepted))


def results(models, scores, mean, positions):
    """The measured part of README.md."""
    text = ["| | large | small |", "|---|---:|---:|"]
    row = lambda name, of: text.append(f"| {name} | " + " | ".join(of(which) for which in SHAPES) + " |")
    legs = {which: [r for r in csv.DictReader(open(f"{HERE}/loss.csv")) if r["model"] == which] for which in SHAPES}
    row("file, bytes", lambda w: f"{os.path.getsize(f'{HERE}/workbench-{w}.gguf'):,}")
    row("parameters", lambda w: f"{sum(t.size for t in models[w].w.values()):,}")
    row("layers, width, heads (keys and values), feed-forward", lambda w: "{0.layers}, {0.dim}, {0.heads} ({0.kv_heads}) of {0.head}, {0.ffn}".format(SHAPES[w]))
    row("steps", lambda w: f"{int(legs[w][-1]['step']):,}")
    row("tokens seen", lambda w: f"{int(legs[w][-1]['tokens']):,}")
    row("minutes of training", lambda w: f"{float(legs[w][-1]['seconds']) / 60:.1f}")
    row("held-out bits per byte, the file as it is", lambda w: f"**{scores[w][0]:.3f}**")
    for name in scores["large"][1]: row(f"— {name}", lambda w: f"{scores[w][1][name]:.3f}")
    text += ["", f"Greedy drafts of 4 by the small model: the large one takes **{mean:.2f}** of 4 on average over {positions} places in the "
             "held-out text (128 bytes of context).", "", "Samples, unedited (temperature 0.7, one fixed seed per prompt, 200 tokens at most):", ""]
    for which, m in models.items():
        for i, prompt in enumerate([PROMPTS[k] for k in (0, 1, 2, 3, 8, 9)]):
            words = show(prompt)[3:] + "▸" + show(m.sample(prompt, 200, seed=i))
            text += [f"- {which}:", "", *["      " + part for part in words.splitlines()], ""]
    page = open(f"{HERE}/README.md").read()
    first, rest = page.split("<!-- measured -->\n")[0], page.split("<!-- end -->")[1]
    open(f"{HERE}/README.md", "w").write(first + "<!-- measured -->\n" + "\n".join(text) + "\n<!-- end -->" + rest)


def curves():
    """loss.csv and loss.svg."""
    rows = [row for which in SHAPES for row in csv.DictReader(open(f"{WORK}/loss-{which}.csv"))]
    with open(f"{HERE}/loss.csv", "w", newline="") as f:
        table = csv.DictWriter(f, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    wide, high, left, top = 640, 360, 48, 16
    most = max(int(r["tokens"]) for r in rows)
    x = lambda tokens: left + (wide - left - 16) * tokens / most
    y = lambda bits: top + (high - top - 36) * (6 - min(bits, 6)) / 5
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="11">',
           f'<rect width="{wide}" height="{high}" fill="white"/>']
    for bits in range(1, 7):
        svg.append(f'<path d="M{left} {y(bits):.1f}H{wide - 16}" stroke="#ddd"/><text x="{left - 8}" y="{y(bits) + 4:.1f}" text-anchor="end">{bits}</text>')
    step = 10 ** math.floor(math.log10(most)) / 2
    for i in range(int(most / step) + 1):
        svg.append(f'<text x="{x(i * step):.1f}" y="{high - 20}" text-anchor="middle">{i * step / 1e6:g} M</text>')
    svg.append(f'<text x="{wide - 16}" y="{high - 6}" text-anchor="end">bytes seen; bits per byte: line training, dots held out</text>')
    for which, colour in zip(SHAPES, ("#1f5fa8", "#c2571a")):
        mine = [r for r in rows if r["model"] == which]
        line = " ".join(f"{x(int(r['tokens'])):.1f},{y(float(r['train_bits'])):.1f}" for r in mine)
        svg.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        svg += [f'<circle cx="{x(int(r["tokens"])):.1f}" cy="{y(float(r["held_bits"])):.1f}" r="2.5" fill="{colour}"/>' for r in mine if r["held_bits"]]
        svg.append(f'<text x="{wide - 60}" y="{top + 20 + 16 * list(SHAPES).index(which)}" fill="{colour}">{which}</text>')
    open(f"{HERE}/loss.svg", "w").write("\n".join(svg) + "\n</svg>\n")


if __name__ == "__main__":
    todo = sys.argv[1:] or ["help"]
    if todo[0] == "corpus": corpus()
    elif todo[0] == "train": train(todo[1], float(todo[2]), *(json.loads(a) for a in todo[3:]))
    elif todo[0] == "export": [export(which) for which in (todo[1:] or SHAPES)]
    elif todo[0] == "golden": golden()
    elif todo[0] == "say":
        print(show(Reference(f"{HERE}/workbench-{todo[1]}.gguf").sample([BOS, *todo[2].encode()], 400)))
    else: print(__doc__)
