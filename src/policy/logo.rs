//! The logo of a service: an image so small that every log-in page can carry it, of a kind that its bytes show. What its
//! file is called, and what whoever sends it says that it is, counts for nothing.

use crate::base::{base64, base64_decode};

/// Bytes that a logo may have.
pub(crate) const LARGEST: usize = 8_000;

/// What a logo may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Svg,
    Png,
    Webp,
}

impl Kind {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The word that people use.
    pub(crate) const fn shown(self) -> &'static str {
        match self {
            Self::Svg => "SVG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
        }
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
            Some(Self::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            std::str::from_utf8(bytes).ok().filter(|text| is_svg(text)).map(|_| Self::Svg)
        }
    }
}

/// An image that may be a logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logo {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

impl Logo {
    /// # Errors
    /// A sentence that says what a logo must be.
    pub(crate) fn of(bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.len() > LARGEST {
            return Err("The logo must be at most 8 kB".to_owned());
        }
        let kind = Kind::of(&bytes).ok_or("The logo must be an SVG, PNG or WebP image")?;
        Ok(Self { kind, bytes })
    }

    /// Reads a logo as it is registered: a `data:` address (RFC 2397) in base64.
    ///
    /// # Errors
    /// A sentence that says how it is written, or what a logo must be.
    pub(crate) fn read(written: &str) -> Result<Self, String> {
        let data = written.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
        let bytes = data.and_then(|(_, body)| base64_decode(body));
        Self::of(bytes.ok_or("Write the logo as data:image/png;base64, and the file in base64")?)
    }

    /// The form that [`Logo::read`] reads.
    pub(crate) fn written(&self) -> String {
        format!("data:{};base64,{}", self.kind.content_type(), base64(&self.bytes))
    }

    /// "SVG, 3120 bytes"
    pub(crate) fn shown(&self) -> String {
        format!("{}, {} bytes", self.kind.shown(), self.bytes.len())
    }
}

/// Whether a text is an SVG document: after what may stand before it, its root is `svg`, in its namespace. Entities of its
/// own are not for an image.
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let (opening, closing) = match rest {
            _ if rest.starts_with("<?") => ("<?", "?>"),
            _ if rest.starts_with("<!--") => ("<!--", "-->"),
            _ if rest.starts_with("<!DOCTYPE") => ("<!DOCTYPE", ">"),
            _ => break,
        };
        let Some((skipped, after)) = rest.trim_start_matches(opening).split_once(closing) else {
            return false;
        };
        if opening == "<!DOCTYPE" && skipped.contains('[') {
            return false;
        }
        rest = after.trim_start();
    }
    let Some(root) = rest.strip_prefix("<svg") else { return false };
    let tag = root.split('>').next().unwrap_or_default();
    let ends = text.trim_end();
    root.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/')
        && tag.contains("http://www.w3.org/2000/svg")
        && (ends.ends_with("</svg>") || ends.ends_with("/>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\"><path d=\"M0 0\"/></svg>";

    #[test]
    fn a_logo_is_what_its_bytes_are() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
        let webp = b"RIFF\x1a\0\0\0WEBPVP8L";
        let with_more = format!("\u{feff}<?xml version=\"1.0\"?>\n<!-- of ours --><!DOCTYPE svg>\n{SVG}\n");
        for (bytes, kind) in [
            (SVG.as_bytes(), Kind::Svg),
            (with_more.as_bytes(), Kind::Svg),
            (png.as_slice(), Kind::Png),
            (webp.as_slice(), Kind::Webp),
        ] {
            let logo = Logo::of(bytes.to_vec()).unwrap();
            assert_eq!(logo.kind, kind);
            assert_eq!(Logo::read(&logo.written()).unwrap(), logo);
        }
        let lie = Logo::of(SVG.into()).unwrap().written().replace("image/svg+xml", "image/png");
        assert_eq!(Logo::read(&lie).unwrap().kind, Kind::Svg);
    }

    #[test]
    fn what_is_no_small_image_of_these_kinds_is_refused() {
        let large = SVG.replace("<path", &format!("<!--{}--><path", "x".repeat(LARGEST)));
        assert_eq!(Logo::of(large.into()).unwrap_err(), "The logo must be at most 8 kB");
        for no_image in [
            "",
            "GIF89a",
            "<html></html>",
            "<svg></svg>",
            "<svgx xmlns=\"http://www.w3.org/2000/svg\"></svgx>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><path",
            "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"http://www.w3.org/2000/svg\"></svg>",
            "<!-- <svg xmlns=\"http://www.w3.org/2000/svg\"></svg>",
        ] {
            let told = Logo::of(no_image.into()).unwrap_err();
            assert_eq!(told, "The logo must be an SVG, PNG or WebP image", "{no_image}");
        }
        for unreadable in ["", "https://portal.example/logo.svg", "data:image/png,x", "data:;base64,*"] {
            assert!(Logo::read(unreadable).unwrap_err().starts_with("Write the logo"), "{unreadable}");
        }
    }
}
