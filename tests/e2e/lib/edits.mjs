// Random edits of a document with one root of every kind.
import * as Y from "yjs";

export function setUpRoots(doc) {
  doc.getMap("map");
  doc.getArray("list");
  doc.getText("text");
  doc.getXmlFragment("xml");
  doc.getText("__$pluv");
}

// None with surrogate pairs, which no editor would split: yjs replaces the halves, and not everywhere.
const WORDS = ["a", "bc", "def ", "ünï", "漢字", "\n", "a longer run of text "];
const FORMATS = [{ bold: true }, { bold: null }, { color: "red" }, { color: "blue" },
                 { italic: true, bold: true }];

function value(random) {
  const plain = ["😀", random.below(1000), random.next(), random.of(WORDS), true, null,
                 { nested: [1, { two: "2" }] }, [random.of(WORDS), -1],
                 new Uint8Array([random.below(256), 0, 255])];
  const kind = random.below(plain.length + 3);
  if (kind < plain.length) return plain[kind];
  if (kind === plain.length) return new Y.Map([["in", random.below(10)]]);
  if (kind === plain.length + 1) return Y.Array.from([random.below(10), "of a list"]);
  return new Y.Text(random.of(WORDS));
}

function editMap(map, random) {
  const key = `key-${random.below(12)}`;
  const held = map.get(key);
  if (held instanceof Y.Map && random.chance(0.5)) held.set(`in-${random.below(3)}`, value(random));
  else if (random.chance(0.2)) map.delete(key);
  else map.set(key, value(random));
}

function editList(list, random) {
  const at = random.below(list.length + 1);
  if (list.length > 3 && random.chance(0.35)) {
    const from = random.below(list.length - 1);
    list.delete(from, 1 + random.below(Math.min(3, list.length - from)));
    return;
  }
  const held = list.length > 0 ? list.get(random.below(list.length)) : null;
  if (held instanceof Y.Map && random.chance(0.5)) editMap(held, random);
  else list.insert(at, Array.from({ length: 1 + random.below(3) }, () => value(random)));
}

function editText(text, random) {
  const at = random.below(text.length + 1);
  const length = Math.min(1 + random.below(6), text.length - at);
  const kind = random.below(10);
  if (kind < 5 || length <= 0) {
    text.insert(at, random.of(WORDS), random.chance(0.3) ? random.of(FORMATS) : undefined);
  } else if (kind < 7) {
    text.format(at, length, random.of(FORMATS));
  } else if (kind < 8) {
    text.insertEmbed(at, { image: random.of(WORDS) });
  } else {
    text.delete(at, length);
  }
}

function editXml(node, random) {
  const children = node.length;
  const kind = random.below(6);
  if (children > 4 && kind === 0) {
    node.delete(random.below(children), 1);
  } else if (children > 0 && kind < 3) {
    const child = node.get(random.below(children));
    if (child instanceof Y.XmlText) editText(child, random);
    else if (child instanceof Y.XmlElement && random.chance(0.5)) editXml(child, random);
    else child.setAttribute(`attr-${random.below(3)}`, random.of(WORDS));
  } else {
    const child = random.chance(0.5) ? new Y.XmlElement(random.of(["p", "div", "h1"]))
                                     : new Y.XmlText(random.of(WORDS));
    node.insert(random.below(children + 1), [child]);
  }
}

// One transaction of one or more changes.
export function randomEdit(doc, random) {
  doc.transact(() => {
    for (let left = 1 + random.below(3); left > 0; --left) {
      const kind = random.below(8);
      if (kind < 2) editMap(doc.getMap("map"), random);
      else if (kind < 4) editList(doc.getArray("list"), random);
      else if (kind < 7) editText(doc.getText("text"), random);
      else editXml(doc.getXmlFragment("xml"), random);
    }
  });
}
