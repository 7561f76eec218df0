//! A reader of the well-behaved HTML that our templates write: enough to count and compare, no more.

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Open(Element),
    Close(String),
    Text(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
}

impl Element {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(super) struct Document(Vec<Piece>);

impl Document {
    pub(super) fn read(html: &str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = html;
        while let Some(start) = rest.find('<') {
            if !rest[..start].is_empty() {
                pieces.push(Piece::Text(decode(&rest[..start])));
            }
            let end = start + tag_end(&rest[start..]);
            let tag = &rest[start + 1..end];
            match tag.strip_prefix('/') {
                Some(name) => pieces.push(Piece::Close(name.to_owned())),
                None if tag.starts_with('!') => {}
                None => pieces.push(Piece::Open(element(tag))),
            }
            rest = &rest[end + 1..];
        }
        pieces.push(Piece::Text(decode(rest)));
        Self(pieces)
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Open(element) => Some(element),
            _ => None,
        })
    }

    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |element| element.name == name)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Element> {
        self.elements().find(|element| element.get("id") == Some(id))
    }

    /// The text within the first element for which `wanted` holds, with single spaces.
    pub(super) fn text_of(&self, wanted: impl Fn(&Element) -> bool) -> Option<String> {
        let start =
            self.0.iter().position(|piece| matches!(piece, Piece::Open(element) if wanted(element)))?;
        let Piece::Open(element) = &self.0[start] else { return None };
        let mut depth = 0;
        let mut text = String::new();
        for piece in &self.0[start..] {
            match piece {
                Piece::Open(inner) if inner.name == element.name => depth += 1,
                Piece::Close(name) if *name == element.name => depth -= 1,
                // A line break parts words.
                Piece::Open(inner) if inner.name == "br" => text.push(' '),
                Piece::Text(words) => text.push_str(words),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        Some(single_spaced(&text))
    }

    /// Names of elements and attributes in their order, without any text or value.
    pub(super) fn shape(&self) -> Vec<String> {
        self.0
            .iter()
            .filter_map(|piece| match piece {
                Piece::Open(Element { name, attributes }) => {
                    let keys: Vec<_> = attributes.iter().map(|(key, _)| key.as_str()).collect();
                    Some(format!("<{name} {}>", keys.join(" ")))
                }
                Piece::Close(name) => Some(format!("</{name}>")),
                Piece::Text(_) => None,
            })
            .collect()
    }
}

/// Every run of white space, no-break spaces included, as one space.
pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the tag that `text` begins with ends: at the first `>` outside quotes.
fn tag_end(text: &str) -> usize {
    let mut quoted = false;
    for (index, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '>' if !quoted => return index,
            _ => {}
        }
    }
    panic!("a tag is not closed: {text}");
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (key, after) = rest.split_at(key_end);
        if let Some(quoted) = after.strip_prefix("=\"") {
            let (value, after) = quoted.split_once('"').expect("a value is closed");
            attributes.push((key.to_owned(), decode(value)));
            rest = after;
        } else {
            assert!(!after.starts_with('='), "an attribute's value is not quoted: {tag}");
            attributes.push((key.to_owned(), String::new()));
            rest = after;
        }
    }
    Element { name: name.to_owned(), attributes }
}

fn decode(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
