//! Every template, compiled in. A file of the same name in the directory of overrides takes its place.

/// Pairs each name with the text of that file under `templates/`.
macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),+]
    };
}

/// Name and text of each template.
pub(super) const EMBEDDED: &[(&str, &str)] = embedded![
    "shared/words.html",
    "shared/parts.html",
    "shared/layout.html",
    "shared/form.html",
    "pages/login.html",
    "pages/login_code.html",
    "pages/welcome.html",
    "pages/reset_email.html",
    "pages/reset_code.html",
    "pages/reset_password.html",
    "pages/too_many.html",
    "pages/expired.html",
    "pages/refused.html",
    "pages/log_out.html",
    "pages/logged_out.html",
    "pages/cancelled.html",
    "pages/form_post.html",
    "pages/services.html",
    "pages/sessions.html",
    "pages/consent.html",
    "pages/shared.html",
    "pages/stop_sharing.html",
    "pages/help.html",
    "pages/accessibility.html",
    "pages/cookies.html",
    "pages/privacy.html",
    "pages/contact.html",
    "pages/not_found.html",
    "pages/problem.html",
    "pages/unavailable.html",
    "pages/busy.html",
    "letters/frame.html",
    "letters/frame.txt",
    "letters/login_code/subject.txt",
    "letters/login_code/body.txt",
    "letters/login_code/body.html",
    "letters/reset_code/subject.txt",
    "letters/reset_code/body.txt",
    "letters/reset_code/body.html",
    "letters/password_changed/subject.txt",
    "letters/password_changed/body.txt",
    "letters/password_changed/body.html",
    "letters/new_device/subject.txt",
    "letters/new_device/body.txt",
    "letters/new_device/body.html",
    "letters/account_locked/subject.txt",
    "letters/account_locked/body.txt",
    "letters/account_locked/body.html",
    "letters/reset_refused/subject.txt",
    "letters/reset_refused/body.txt",
    "letters/reset_refused/body.html",
];
