#define _GNU_SOURCE
#include "CTerminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

// Signals that end the program: asked to end, and traps. Swift traps arrive as
// SIGILL on x86-64 and SIGTRAP elsewhere.
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE};
enum { ending_count = sizeof ending / sizeof *ending };

static struct sigaction before[ending_count], before_winch, before_tstp, before_cont, before_pipe;
static struct termios line;
static char leave_text[512];
static size_t leave_length;
static int input_fd = -1, output_fd = -1;
static int notes[2] = {-1, -1};
static int held = -1, real_stderr = -1;
static volatile sig_atomic_t armed, has_line;  // armed: the terminal is ours
static char spare_stack[64 * 1024];

static void write_all(int fd, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t done = write(fd, bytes, count);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;
    bytes += done;
    count -= (size_t)done;
  }
}

static void leave(void) {
  write_all(output_fd, leave_text, leave_length);
  rescue_restore_line();
}

void rescue_restore_line(void) {
  if (has_line) tcsetattr(input_fd, TCSADRAIN, &line);
}

static void on_ending(int signal) {
  int place = 0;
  while (place < ending_count && ending[place] != signal) place++;
  if (armed) {
    armed = 0;
    leave();
    rescue_release_stderr();
  }
  // Whoever was there before comes next: the default, or Swift's backtrace.
  if (place < ending_count) sigaction(signal, &before[place], NULL);
  raise(signal);
}

static void note(char what) {
  int kept = errno;
  ssize_t ignored = write(notes[1], &what, 1);  // full: a note is there already
  (void)ignored;
  errno = kept;
}

static void on_winch(int signal) { (void)signal; note('W'); }
static void on_cont(int signal) { (void)signal; note('C'); }

static void on_tstp(int signal) {
  (void)signal;
  int kept = errno;
  if (armed) leave();
  raise(SIGSTOP);  // SIGCONT leaves the note that brings the screen back
  errno = kept;
}

void rescue_stop(void) { on_tstp(SIGTSTP); }

static void handle(int signal, void (*handler)(int), int flags, struct sigaction *old) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, old);
}

int rescue_arm(int input, int output, const char *text, size_t length) {
  if (length > sizeof leave_text) return E2BIG;
  if (notes[0] < 0) {
    if (pipe(notes) != 0) return errno;
    for (int end = 0; end < 2; end++) {
      fcntl(notes[end], F_SETFL, fcntl(notes[end], F_GETFL) | O_NONBLOCK);
      fcntl(notes[end], F_SETFD, FD_CLOEXEC);
    }
  }
  input_fd = input;
  output_fd = output;
  memcpy(leave_text, text, length);
  leave_length = length;
  has_line = tcgetattr(input, &line) == 0;

  // A stack of its own, so that running out of stack still gives the terminal back.
  stack_t stack;
  memset(&stack, 0, sizeof stack);
  stack.ss_sp = spare_stack;
  stack.ss_size = sizeof spare_stack;
  sigaltstack(&stack, NULL);
  for (int place = 0; place < ending_count; place++) {
    handle(ending[place], on_ending, SA_ONSTACK | SA_NODEFER, &before[place]);
    // What was ignored stays ignored, as under nohup.
    if (before[place].sa_handler == SIG_IGN) sigaction(ending[place], &before[place], NULL);
  }
  handle(SIGWINCH, on_winch, SA_RESTART, &before_winch);
  handle(SIGTSTP, on_tstp, SA_RESTART, &before_tstp);
  handle(SIGCONT, on_cont, SA_RESTART, &before_cont);
  handle(SIGPIPE, SIG_IGN, 0, &before_pipe);
  armed = 1;
  return 0;
}

void rescue_disarm(void) {
  if (!armed) return;
  armed = 0;
  for (int place = 0; place < ending_count; place++) sigaction(ending[place], &before[place], NULL);
  sigaction(SIGWINCH, &before_winch, NULL);
  sigaction(SIGTSTP, &before_tstp, NULL);
  sigaction(SIGCONT, &before_cont, NULL);
  sigaction(SIGPIPE, &before_pipe, NULL);
}

int rescue_notes(void) { return notes[0]; }

int rescue_hold_stderr(void) {
  if (held >= 0 || !isatty(STDERR_FILENO)) return 0;
#ifdef __linux__
  int file = memfd_create("workbench stderr", MFD_CLOEXEC);
#else
  char path[] = "/tmp/workbench-stderr-XXXXXX";
  int file = mkstemp(path);
  if (file >= 0) unlink(path);
#endif
  if (file < 0) return errno;
  real_stderr = dup(STDERR_FILENO);
  if (real_stderr < 0 || dup2(file, STDERR_FILENO) < 0) {
    int reason = errno;
    close(file);
    return reason;
  }
  fcntl(real_stderr, F_SETFD, FD_CLOEXEC);
  held = file;
  return 0;
}

void rescue_release_stderr(void) {
  if (held < 0) return;
  int file = held;
  held = -1;
  dup2(real_stderr, STDERR_FILENO);
  char bytes[1024];
  off_t from = 0;
  ssize_t count;
  while ((count = pread(file, bytes, sizeof bytes, from)) > 0) {
    write_all(real_stderr, bytes, (size_t)count);
    from += count;
  }
  close(file);
  close(real_stderr);
  real_stderr = -1;
}
