//! Every path that the provider answers on, once.

pub(crate) const HOME: &str = "/";
pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub(crate) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
pub(crate) const JWKS: &str = "/jwks";
pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const PAR: &str = "/par";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const INTROSPECT: &str = "/introspect";
pub(crate) const REGISTER: &str = "/register";
pub(crate) const REGISTERED: &str = "/register/{client}";
pub(crate) const REVOKE: &str = "/revoke";
pub(crate) const USERINFO: &str = "/userinfo";
pub(crate) const LOGOUT: &str = "/logout";
pub(crate) const DEVICE_AUTHORIZATION: &str = "/device_authorization";
pub(crate) const DEVICE: &str = "/device";
pub(crate) const CONSENT: &str = "/consent";
pub(crate) const CHECK_SESSION: &str = "/session/check";
pub(crate) const LOGGED_OUT: &str = "/logged-out";

pub(crate) const LOGIN: &str = "/login";
pub(crate) const LOGIN_CODE: &str = "/login/code";
pub(crate) const LOGIN_NEW_CODE: &str = "/login/code/new";
pub(crate) const WELCOME: &str = "/welcome";
pub(crate) const RESET: &str = "/reset";
pub(crate) const RESET_CODE: &str = "/reset/code";
pub(crate) const RESET_NEW_CODE: &str = "/reset/code/new";
pub(crate) const RESET_PASSWORD: &str = "/reset/password";
pub(crate) const RESET_CANCEL: &str = "/reset/cancel";
pub(crate) const FLOW_CONTINUE: &str = "/flow/{flow}/continue";
pub(crate) const FLOW_CANCEL: &str = "/flow/{flow}/cancel";

pub(crate) const ACCOUNT: &str = "/account";
pub(crate) const ACCOUNT_PASSWORD: &str = "/account/password";
pub(crate) const ACCOUNT_HISTORY: &str = "/account/history";
pub(crate) const ACCOUNT_SERVICES: &str = "/account/services";
pub(crate) const ACCOUNT_SESSIONS: &str = "/account/sessions";
pub(crate) const ACCOUNT_REVIEW: &str = "/account/reviews/{id}";
pub(crate) const ACCOUNT_REVIEW_FINISH: &str = "/account/reviews/{id}/finish";

pub(crate) const INVITATION_LINK: &str = "/invite/{token}";
pub(crate) const INVITATION: &str = "/invite";
pub(crate) const SET_UP_LINK: &str = "/setup/{token}";
pub(crate) const SET_UP: &str = "/setup";

pub(crate) const CONSOLE: &str = "/admin";
pub(crate) const CONSOLE_LOGIN: &str = "/admin/login";
pub(crate) const CONSOLE_CALLBACK: &str = "/admin/callback";
pub(crate) const CONSOLE_SERVICES: &str = "/admin/services";
pub(crate) const CONSOLE_TOKENS: &str = "/admin/registration-tokens";
pub(crate) const CONSOLE_TOKEN_NEW: &str = "/admin/registration-tokens/new";
pub(crate) const CONSOLE_SERVICE_NEW: &str = "/admin/services/new";
pub(crate) const CONSOLE_SERVICE: &str = "/admin/services/{id}";
pub(crate) const CONSOLE_SERVICE_EDIT: &str = "/admin/services/{id}/edit";
pub(crate) const CONSOLE_SERVICE_SECRET: &str = "/admin/services/{id}/secret";
pub(crate) const CONSOLE_SERVICE_STATUS: &str = "/admin/services/{id}/status";
pub(crate) const CONSOLE_SERVICE_REMOVE: &str = "/admin/services/{id}/remove";
pub(crate) const CONSOLE_SERVICE_CHECK: &str = "/admin/services/{id}/check";
pub(crate) const CONSOLE_SERVICE_PREVIEW: &str = "/admin/services/{id}/preview";
pub(crate) const CONSOLE_PEOPLE: &str = "/admin/people";
pub(crate) const CONSOLE_INVITE: &str = "/admin/people/invite";
pub(crate) const CONSOLE_IMPORT: &str = "/admin/people/import";
pub(crate) const CONSOLE_IMPORT_SEND: &str = "/admin/people/import/send";
pub(crate) const CONSOLE_IMPORT_EXAMPLE: &str = "/admin/people/import/example.csv";
pub(crate) const CONSOLE_PERSON: &str = "/admin/people/{id}";
pub(crate) const CONSOLE_PERSON_EDIT: &str = "/admin/people/{id}/edit";
pub(crate) const CONSOLE_PERSON_ROLE: &str = "/admin/people/{id}/role";
pub(crate) const CONSOLE_PERSON_EXPORT: &str = "/admin/people/{id}/export";
pub(crate) const CONSOLE_PERSON_DEED: &str = "/admin/people/{id}/{deed}";
pub(crate) const CONSOLE_REVIEWS: &str = "/admin/reviews";
pub(crate) const CONSOLE_REVIEW_NEW: &str = "/admin/reviews/new";
pub(crate) const CONSOLE_REVIEW: &str = "/admin/reviews/{id}";
pub(crate) const CONSOLE_REVIEW_WITHDRAW: &str = "/admin/reviews/{id}/withdraw";
pub(crate) const CONSOLE_SESSIONS: &str = "/admin/sessions";
pub(crate) const CONSOLE_AUDIT: &str = "/admin/audit";
pub(crate) const CONSOLE_AUDIT_FILE: &str = "/admin/audit/events.csv";
pub(crate) const CONSOLE_KEYS: &str = "/admin/keys";
pub(crate) const CONSOLE_KEYS_CHANGE: &str = "/admin/keys/change";
pub(crate) const CONSOLE_SETTINGS: &str = "/admin/settings";
pub(crate) const CONSOLE_SETTINGS_EDIT: &str = "/admin/settings/{id}/edit";
pub(crate) const CONSOLE_SETTINGS_PREVIEW: &str = "/admin/settings/preview";
pub(crate) const CONSOLE_MAIL: &str = "/admin/email";
pub(crate) const CONSOLE_ADMINISTRATORS: &str = "/admin/administrators";
/// Below it is the administration interface for programs.
pub(crate) const API: &str = "/admin/api/v1";

pub(crate) const HELP: &str = "/help";
pub(crate) const ACCESSIBILITY: &str = "/accessibility";
pub(crate) const COOKIES: &str = "/cookies";
pub(crate) const PRIVACY: &str = "/privacy";
pub(crate) const CONTACT: &str = "/contact";

pub(crate) const HEALTHZ: &str = "/healthz";
pub(crate) const READYZ: &str = "/readyz";
pub(crate) const STATIC: &str = "/static/{file}";
pub(crate) const BRAND: &str = "/brand/{file}";
pub(crate) const BRAND_LOGO: &str = "/brand/{id}/logo";

/// What programs call, scripts of other sites among them.
pub(crate) const CALLED: [&str; 10] = [
    OPENID_CONFIGURATION,
    OAUTH_METADATA,
    JWKS,
    PAR,
    TOKEN,
    INTROSPECT,
    REVOKE,
    REGISTER,
    DEVICE_AUTHORIZATION,
    USERINFO,
];
