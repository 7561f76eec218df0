//! The stylesheet, the scripts and the icon, under names that change with their content.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::base::{hex_lower, paths, sha256};

/// A file that browsers may keep for ever.
pub(crate) struct Asset {
    /// `stem.hash.extension`; the hash is the first 64 bits of the content's SHA-256.
    pub(crate) file: String,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Cow<'static, [u8]>,
}

impl Asset {
    pub(crate) fn new(
        stem: &str,
        extension: &str,
        content_type: &'static str,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Self {
        let bytes = bytes.into();
        let hash: String = hex_lower(sha256(&bytes)).chars().take(16).collect();
        Self { file: format!("{stem}.{hash}.{extension}"), content_type, bytes }
    }

    /// Its address among the [`Assets`].
    pub(super) fn url(&self) -> String {
        paths::STATIC.replace("{file}", &self.file)
    }
}

/// The files that every installation serves.
pub(crate) struct Assets {
    pub(super) stylesheet: Asset,
    pub(super) console: Asset,
    pub(super) script: Asset,
    pub(super) form_post: Asset,
    pub(super) check_session: Asset,
    pub(super) icon: Asset,
}

impl Assets {
    /// The file of that name.
    pub(crate) fn find(&self, file: &str) -> Option<&Asset> {
        self.all().into_iter().find(|asset| asset.file == file)
    }

    pub(super) const fn all(&self) -> [&Asset; 6] {
        [&self.stylesheet, &self.console, &self.script, &self.form_post, &self.check_session, &self.icon]
    }
}

/// The frame that tells services whether somebody is still logged in, by the cookie of this name.
pub(crate) fn check_session_frame(cookie: &str) -> String {
    include_str!("../../templates/assets/check-session.html")
        .replace("COOKIE", cookie)
        .replace("SCRIPT", &assets().check_session.url())
}

/// The files that every installation serves.
pub(crate) fn assets() -> &'static Assets {
    static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
        const CSS: &str = "text/css; charset=utf-8";
        const SCRIPT: &str = "text/javascript; charset=utf-8";
        let stylesheet: &[u8] = include_bytes!("../../templates/assets/gatehouse.css");
        let console: &[u8] = include_bytes!("../../templates/assets/console.css");
        let script: &[u8] = include_bytes!("../../templates/assets/gatehouse.js");
        let form_post: &[u8] = include_bytes!("../../templates/assets/form-post.js");
        let check_session: &[u8] = include_bytes!("../../templates/assets/check-session.js");
        let icon: &[u8] = include_bytes!("../../templates/assets/icon.svg");
        Assets {
            stylesheet: Asset::new("gatehouse", "css", CSS, stylesheet),
            console: Asset::new("console", "css", CSS, console),
            script: Asset::new("gatehouse", "js", SCRIPT, script),
            form_post: Asset::new("form-post", "js", SCRIPT, form_post),
            check_session: Asset::new("check-session", "js", SCRIPT, check_session),
            icon: Asset::new("icon", "svg", "image/svg+xml", icon),
        }
    });
    &ASSETS
}
