//! A browser, and the answers it gets.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::support::ISSUER;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
    /// Where it came from: the path and query that were asked for.
    pub(crate) url: String,
}

impl Page {
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// A parameter of the address that this answer redirects to, from its query or its fragment.
    pub(crate) fn location_param(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(self.location())
            .or_else(|_| url::Url::parse(ISSUER)?.join(self.location()))
            .unwrap();
        let fragment = url.fragment().unwrap_or_default().to_owned();
        let found = url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        found.or_else(|| {
            form_urlencoded::parse(fragment.as_bytes())
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
        })
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// What a reader sees: the text without its tags.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for part in self.body.split('<').skip(1) {
            text.push_str(part.split_once('>').map_or("", |(_, after)| after));
        }
        let plain = text.replace("&#39;", "'").replace("&nbsp;", " ").replace("&amp;", "&");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of a hidden field of the first form that has one of this name.
    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        let mark = format!("name=\"{name}\"");
        let tag = self.body.split('<').find(|tag| tag.starts_with("input") && tag.contains(&mark))?;
        let value = tag.split("value=\"").nth(1)?.split('"').next()?;
        Some(value.replace("&amp;", "&"))
    }

    /// What the form that is posted carries unseen.
    pub(crate) fn all_hidden(&self) -> Vec<(String, String)> {
        let forms = self.body.split("<form ").skip(1);
        let form = forms
            .filter(|form| form.contains("method=\"post\""))
            .find(|form| form.contains("name=\"token\""));
        let form = form.map_or("", |form| form.split("</form>").next().unwrap_or(form));
        let value = |tag: &str, of: &str| {
            let value = tag.split(&format!("{of}=\"")).nth(1)?.split('"').next()?;
            Some(value.replace("&amp;", "&").replace("&quot;", "\"").replace("&#39;", "'"))
        };
        let inputs =
            form.split('<').filter(|tag| tag.starts_with("input") && tag.contains("type=\"hidden\""));
        inputs.filter_map(|tag| Some((value(tag, "name")?, value(tag, "value")?))).collect()
    }

    /// The address of the link whose tag has a mark.
    pub(crate) fn link(&self, mark: &str) -> Option<String> {
        let tag =
            self.body.split("<a ").find(|tag| tag.split('>').next().is_some_and(|tag| tag.contains(mark)))?;
        Some(tag.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&"))
    }

    /// Fails with the whole answer where the status is another.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{} {:?}\n{}", self.url, self.headers, self.body);
        self
    }
}

/// A browser: it keeps cookies, sends what browsers send, and follows nothing by itself.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Headers to send with everything.
    pub(crate) extra: Vec<(&'static str, String)>,
}

impl Browser {
    pub(crate) fn at(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), extra: Vec::new() }
    }

    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.send(Method::GET, url, None, &[]).await
    }

    /// Posts a form as a page of ours does.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let own = [("origin", ISSUER), ("sec-fetch-site", "same-origin")];
        self.send(Method::POST, url, Some(fields), &own).await
    }

    /// Posts a form as a page of another site does: browsers keep cookies back from it that are not for such posts.
    pub(crate) async fn post_from_afar(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        let afar = [("origin", "https://portal.example"), ("sec-fetch-site", "cross-site")];
        let kept = std::mem::take(&mut self.cookies);
        let page = self.send(Method::POST, url, Some(fields), &afar).await;
        let given = std::mem::replace(&mut self.cookies, kept);
        self.cookies.extend(given);
        page
    }

    /// Fills in the form of a page and posts it, with what it carries unseen, to the page's own address.
    pub(crate) async fn submit(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.submit_to(page, &page.url.clone(), fields).await
    }

    /// The same, to another address.
    pub(crate) async fn submit_to(&mut self, page: &Page, url: &str, fields: &[(&str, &str)]) -> Page {
        let hidden = page.all_hidden();
        assert!(!hidden.is_empty(), "no form on {}\n{}", page.url, page.body);
        let unseen = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut all: Vec<(&str, &str)> =
            unseen.filter(|(name, _)| !fields.iter().any(|(given, _)| given == name)).collect();
        all.extend_from_slice(fields);
        self.post(url, &all).await
    }

    /// Goes where an answer leads, for as long as it stays with the provider.
    pub(crate) async fn follow(&mut self, page: Page) -> Page {
        let mut page = page;
        while page.status == StatusCode::SEE_OTHER && page.location().starts_with('/') {
            let next = page.location().to_owned();
            page = self.open(&next).await;
        }
        page
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        url: &str,
        form: Option<&[(&str, &str)]>,
        headers: &[(&str, &str)],
    ) -> Page {
        let encoded = |fields| form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = form.map(|fields| ("application/x-www-form-urlencoded", encoded(fields)));
        self.send_body(method, url, body, headers).await
    }

    /// Posts a file beside the token of a form, as `multipart/form-data`.
    pub(crate) async fn send_file(
        &mut self,
        url: &str,
        token: &str,
        file: &str,
        headers: &[(&str, &str)],
    ) -> Page {
        let part = |name: &str, text: &str| {
            format!("--next\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let file = part("file\"; filename=\"people.csv", file);
        let body = format!("{}{file}--next--\r\n", part("token", token));
        self.send_body(Method::POST, url, Some(("multipart/form-data; boundary=next", body)), headers).await
    }

    /// Fills in the form of a page and chooses a file, as `multipart/form-data`. What the browser says of the file is a lie.
    pub(crate) async fn submit_with_file(
        &mut self,
        page: &Page,
        fields: &[(&str, &str)],
        (name, file): (&str, &str),
    ) -> Page {
        let hidden = page.all_hidden();
        let unseen = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut body = String::new();
        for (name, value) in unseen.chain(fields.iter().copied()) {
            body += &format!("--next\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += &format!(
            "--next\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.png\"\r\n\
             Content-Type: image/png\r\n\r\n{file}\r\n--next--\r\n"
        );
        let own = [("origin", ISSUER), ("sec-fetch-site", "same-origin")];
        let url = page.url.clone();
        self.send_body(Method::POST, &url, Some(("multipart/form-data; boundary=next", body)), &own).await
    }

    async fn send_body(
        &mut self,
        method: Method,
        url: &str,
        body: Option<(&str, String)>,
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &self.extra {
            request = request.header(*name, value);
        }
        if !self.cookies.is_empty() {
            let line: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        let body = match body {
            Some((kind, text)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                Body::from(text)
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        self.keep_cookies(&response);
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, body, url: url.to_owned() }
    }

    /// Sends JSON, or nothing, as a program does.
    pub(crate) async fn send_json(
        &mut self,
        method: Method,
        url: &str,
        body: Option<serde_json::Value>,
        headers: &[(&str, &str)],
    ) -> Page {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(value.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, body, url: url.to_owned() }
    }

    fn keep_cookies(&mut self, response: &Response<Body>) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Posts to an endpoint for programs: no cookies, no browser's headers.
    pub(crate) async fn call(&self, url: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let mut program = Self::at(self.router.clone());
        program.send(Method::POST, url, Some(fields), headers).await
    }
}

impl Page {
    /// The journey that this page belongs to.
    pub(crate) fn flow(&self) -> String {
        self.url.split("flow=").nth(1).unwrap_or_else(|| panic!("no journey in {}", self.url)).to_owned()
    }
}
