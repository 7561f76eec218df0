//! What a page says about the form that was just sent: error messages for a field and banners for a success.
//!
//! "Enter …" where nothing was entered, a description otherwise. The summary and the field show the same words.

// The email.
pub(crate) const ENTER_EMAIL: &str = "Enter your email";
pub(crate) const EMAIL_FORMAT: &str = "Enter an email address in the correct format, like name@example.com";
pub(crate) const EMAIL_LONG: &str = "Email must be 254 characters or fewer";

// The password at log-in. One message for every kind of wrong, so that it tells nobody who is registered.
pub(crate) const ENTER_PASSWORD: &str = "Enter your password";
pub(crate) const NOT_CORRECT: &str = "The email or password is not correct. Check both and try again";

// Changing one's own password.
pub(crate) const ENTER_PRESENT_PASSWORD: &str = "Enter your current password";
pub(crate) const PRESENT_PASSWORD_WRONG: &str = "Your current password is not correct";
pub(crate) const OWN_PASSWORD_CHANGED: &str = "Your password has been changed.";

// Setting up an account.
pub(crate) const ENTER_NAME: &str = "Enter a name";
pub(crate) const ACCOUNT_READY: &str = "Your account is ready. Log in to continue.";

// The emailed code.
pub(crate) const ENTER_CODE: &str = "Enter the code";
pub(crate) const CODE_NOT_NUMBERS: &str = "The code must be 8 numbers";
pub(crate) const CODE_WRONG: &str = "That code is not correct. Check the email and try again";
pub(crate) const CODE_EXPIRED: &str = "That code has expired. We have sent you a new code";

/// A code of some other length than 8.
pub(crate) fn code_length(entered: usize) -> String {
    let noun = if entered == 1 { "number" } else { "numbers" };
    format!("You have entered {entered} {noun}. The code has 8 numbers")
}

// The code that a device shows.
pub(crate) const DEVICE_CODE_MISSING: &str = "Enter the device code";
pub(crate) const DEVICE_CODE_WRONG: &str =
    "The device code is not correct or has expired. Check the device and try again";

// A new password.
pub(crate) const ENTER_NEW_PASSWORD: &str = "Enter your new password";
pub(crate) const CONFIRM_NEW_PASSWORD: &str = "Confirm your new password";
pub(crate) const PASSWORD_LONG: &str = "Your new password must be 1,000 characters or fewer";
pub(crate) const PASSWORD_COMMON: &str =
    "Choose a password that is harder to guess. That one is on a list of common passwords";
pub(crate) const PASSWORD_PERSONAL: &str =
    "Your new password must not contain your name, your email or the name of this service";
pub(crate) const PASSWORD_SAME: &str = "Your new password must be different from your current password";
pub(crate) const PASSWORDS_DIFFER: &str = "Confirm password must be the same as your new password";

/// A password of fewer characters than the policy asks for.
pub(crate) fn password_short(least: usize, entered: usize) -> String {
    format!("Your new password must be at least {least} characters. You entered {entered}")
}

// Banners.
pub(crate) const PASSWORD_CHANGED: &str = "Your password has been changed. Log in with your new password.";
pub(crate) const NEW_CODE_SENT: &str = "We have sent you a new code. It can take a few minutes to arrive.";
pub(crate) const CODE_SENT_JUST_NOW: &str =
    "We sent you a code less than a minute ago. It can take a few minutes to arrive.";
