//! The letters that accounts cause, filled in.

use crate::base::{Timestamp, paths};
use crate::kit::Kit;
use crate::policy::emailed_code::spaced;
use crate::view::letters::{
    AccountLocked, AdministratorAdded, EmailChanged, Invitation, LoginCode, NewDevice, PasswordChanged,
    ResetCode, ResetRefused, ReviewAsked, Sender,
};
use crate::view::{AnyLetter, when};

/// The code for logging in, with when it was sent and when it ends.
pub(super) fn login_code(
    kit: &Kit,
    service: &str,
    code: &str,
    (sent, expires): (Timestamp, Timestamp),
) -> AnyLetter {
    AnyLetter::from(LoginCode {
        sender: sender(kit, service),
        code: spaced(code),
        sent_at: when::clock_time(sent),
        expires: when::clock_time_and_date(expires),
    })
}

/// The code for choosing a new password.
pub(super) fn reset_code(
    kit: &Kit,
    service: &str,
    code: &str,
    (sent, expires): (Timestamp, Timestamp),
) -> AnyLetter {
    AnyLetter::from(ResetCode {
        sender: sender(kit, service),
        code: spaced(code),
        sent_at: when::clock_time(sent),
        expires: when::clock_time_and_date(expires),
    })
}

/// Notice of a new password.
pub(super) fn password_changed(kit: &Kit, service: &str, browser: &str, stays_here: bool) -> AnyLetter {
    AnyLetter::from(PasswordChanged {
        sender: sender(kit, service),
        when: when::clock_time_and_date(kit.now()),
        device: browser.to_owned(),
        stays_here,
    })
}

/// Notice of a log-in from a browser that is new to us.
pub(super) fn new_device(kit: &Kit, service: &str, browser: &str) -> AnyLetter {
    AnyLetter::from(NewDevice {
        sender: sender(kit, service),
        when: when::clock_time_and_date(kit.now()),
        device: browser.to_owned(),
    })
}

/// What somebody who may not log in is told when they ask for a reset.
pub(super) fn reset_refused(kit: &Kit, service: &str) -> AnyLetter {
    AnyLetter::from(ResetRefused { sender: sender(kit, service), when: when::clock_time_and_date(kit.now()) })
}

/// Notice that wrong passwords have paused logging in.
pub(super) fn account_locked(kit: &Kit, until: Option<Timestamp>) -> AnyLetter {
    AnyLetter::from(AccountLocked {
        sender: sender(kit, &kit.service_name()),
        when: when::clock_time_and_date(kit.now()),
        until: until.map(when::clock_time_and_date),
    })
}

/// The link by which somebody chooses their first password.
pub(crate) fn invitation(
    kit: &Kit,
    (service, services): (&str, Vec<String>),
    (inviter, link): (&str, String),
    expires: Timestamp,
) -> AnyLetter {
    AnyLetter::from(Invitation {
        sender: sender(kit, service),
        services,
        inviter: inviter.to_owned(),
        link,
        expires: when::clock_time_and_date(expires),
    })
}

/// Notice of another email address, to the new one or to the one there was.
pub(crate) fn email_changed(kit: &Kit, is_new: bool) -> AnyLetter {
    AnyLetter::from(EmailChanged {
        sender: sender(kit, &kit.service_name()),
        when: when::clock_time_and_date(kit.now()),
        is_new,
    })
}

/// Notice to an owner that somebody became an administrator.
pub(crate) fn administrator_added(kit: &Kit, name: &str, role: &str, by: &str) -> AnyLetter {
    AnyLetter::from(AdministratorAdded {
        sender: sender(kit, &kit.service_name()),
        name: name.to_owned(),
        role: role.to_owned(),
        by: by.to_owned(),
        when: when::clock_time_and_date(kit.now()),
    })
}

/// Asks a sponsor to do an access review, or reminds them of it.
pub(crate) fn review_asked(kit: &Kit, organisation: &str, due: Timestamp, is_reminder: bool) -> AnyLetter {
    let issuer = kit.config.issuer();
    let site = issuer.split_once("://").map_or(issuer.as_str(), |(_, site)| site);
    AnyLetter::from(ReviewAsked {
        sender: sender(kit, &kit.service_name()),
        address: format!("{site}{}", paths::ACCOUNT),
        organisation: organisation.to_owned(),
        due: when::clock_time_and_date(due),
        is_reminder,
    })
}

fn sender(kit: &Kit, service: &str) -> Sender {
    let settings = kit.settings();
    let brand = &settings.brand;
    Sender {
        service: service.to_owned(),
        council: brand.council.clone(),
        phone: brand.phone.clone(),
        host: kit.config.host(),
        is_read: kit.config.mail.reply_to.is_some(),
    }
}
