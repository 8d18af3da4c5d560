/// Short texts of three kinds, for measuring drafters on a real model: code, prose, and turns of a conversation in which much
/// of what was said is asked for again. Written for this program; they may be used as they are.
public enum TextKinds {
  public static let all: [(name: String, prompts: [String])] = [
    ("code", code), ("prose", prose), ("repeated-turn", (prose + code).map(repeated)),
  ]

  /// A text, and the same begun once more.
  private static func repeated(_ text: String) -> String {
    text + "\n\nThe same again, word for word:\n\n" + text.prefix(text.count * 2 / 5)
  }

  private static let code: [String] = [
    """
    class Stack:
        def __init__(self):
            self.items = []

        def push(self, item):
            self.items.append(item)

        def pop(self):
            if not self.items:
                raise IndexError("pop from an empty stack")
            return self.items.pop()

        def peek(self):
    """,
    """
    def mean(values):
        if not values:
            raise ValueError("mean of no values")
        return sum(values) / len(values)

    def variance(values):
        centre = mean(values)
        return sum((value - centre) ** 2 for value in values) / len(values)

    def covariance(left, right):
    """,
    """
    pub struct Point {
        pub x: f64,
        pub y: f64,
    }

    impl Point {
        pub fn new(x: f64, y: f64) -> Self {
            Point { x, y }
        }

        pub fn add(&self, other: &Point) -> Point {
            Point { x: self.x + other.x, y: self.y + other.y }
        }

        pub fn sub(&self, other: &Point) -> Point {
    """,
    """
    import os
    import sys

    def read_lines(path):
        with open(path) as file:
            return [line.rstrip() for line in file]

    def write_lines(path, lines):
        with open(path, "w") as file:
            for line in lines:
                file.write(line + "\\n")

    def copy_lines(source, target):
    """,
    """
    class Node:
        def __init__(self, key, left=None, right=None):
            self.key = key
            self.left = left
            self.right = right

    def insert(node, key):
        if node is None:
            return Node(key)
        if key < node.key:
            node.left = insert(node.left, key)
        else:
            node.right = insert(node.right, key)
        return node

    def contains(node, key):
    """,
    """
    fn parse_header(line: &str) -> Option<(String, String)> {
        let mut parts = line.splitn(2, ':');
        let name = parts.next()?.trim().to_string();
        let value = parts.next()?.trim().to_string();
        Some((name, value))
    }

    fn parse_headers(lines: &[&str]) -> Vec<(String, String)> {
    """,
  ]

  private static let prose: [String] = [
    "The ferry was late, and nobody on the quay was surprised. A boy sold peaches out of a basket; two sisters argued about a hat; the old harbour master looked at his watch, then at the water, and said what he said every evening, that the sea",
    "When the king had heard the message he sent for his three sons and said to them: I am old, and the kingdom needs a hand that does not shake. Go out into the world, and whoever brings me back the thing that is lightest and yet",
    "Glass is neither quite a solid nor quite a liquid. Looked at closely its atoms lie as they would in a melt, without the order of a crystal; but they do not move, or move so slowly that no window has ever been seen to",
    "My dear sister, your letter came on Tuesday and has been read aloud to everybody, even to the cook, who cried. We are all well. The roof is mended, the cow has calved, and as to the matter of which you wrote, I can only say",
    "It is a mistake to believe that a good teacher is one who explains well. Most pupils have been explained to all their lives. What they have not had is somebody who asks them a question, and then waits, and goes on waiting, until",
    "In the beginning of the year the snow lay deep upon the hills, and the people of the valley did not go up to the high pastures. But there was among them a shepherd who feared neither the cold nor the wolves, and he said unto",
  ]
}
