//! The services that a form is about: boxes for some, and a field for the others where there are many.
//!
//! Twenty boxes can be looked over; among thousands of them nobody finds a service that they could not name. So whoever
//! has more names the others, and what was named has a box from then on, with its name to check it by.

use super::Console;
use crate::admin::services::{self, Query};
use crate::admin::{Refusal, clients};
use crate::base::{ClientId, Error};
use crate::model::Client;
use crate::oidc::params::Params;
use crate::view::FieldError;
use crate::view::pages::console::Field;

const MOST_BOXES: i64 = 20;
/// What the name of a service's box begins with.
const BOX: &str = "service-";
const TYPED: &str = "other-services";

/// What is chosen on a form.
#[derive(Default)]
pub(super) struct Choice {
    ticked: Vec<ClientId>,
    /// Services that have no box, one on each line.
    typed: String,
}

impl Choice {
    pub(super) fn of(ticked: Vec<ClientId>) -> Self {
        Self { ticked, typed: String::new() }
    }

    pub(super) fn read(form: &Params) -> Self {
        Self {
            ticked: form.names().filter_map(|name| ClientId::parse(name.strip_prefix(BOX)?)).collect(),
            typed: form.field(TYPED).to_owned(),
        }
    }

    /// Every service that is chosen, or what is wrong with those that were typed. Those that were found have a box from now
    /// on.
    pub(super) async fn chosen(&mut self, at: &Console) -> Result<Vec<ClientId>, FieldError> {
        let mut wrong = None;
        let mut left = Vec::new();
        for line in self.typed.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let say = match services::named(&at.web.kit, &at.actor, line).await {
                Ok(client) if self.ticked.contains(&client.id) => continue,
                Ok(client) => {
                    self.ticked.push(client.id);
                    continue;
                }
                Err(Error::Refused(Refusal::Conflict(say))) => say,
                Err(_) => format!("There is no service with the name or ID {line}"),
            };
            left.push(line);
            wrong.get_or_insert(say);
        }
        self.typed = left.join("\n");
        match wrong {
            None => Ok(self.ticked.clone()),
            Some(say) => Err(FieldError::new(TYPED, say)),
        }
    }

    /// The boxes, those that are ticked among them however many there are, and the field for others where there are any.
    pub(super) async fn fields(
        &self,
        at: &Console,
        hint: &str,
        is_offered: impl Fn(&Client) -> bool,
    ) -> Result<Vec<Field>, Error<Refusal>> {
        let page = services::list(&at.web.kit, &at.actor, &Query::default(), MOST_BOXES).await?;
        let mut offered: Vec<Client> = page.rows.into_iter().map(|listed| listed.client).collect();
        offered.retain(is_offered);
        for id in &self.ticked {
            if !offered.iter().any(|client| client.id == *id) {
                match clients::find(&at.web.kit, &at.actor, id.as_str()).await {
                    Ok(client) => offered.push(client),
                    Err(Error::Refused(Refusal::Unknown(_))) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let boxes = offered
            .into_iter()
            .map(|client| (format!("{BOX}{}", client.id), client.name, self.ticked.contains(&client.id)));
        let mut fields = vec![Field::new("checks", "services", "Services").hint(hint).any_of(boxes)];
        if page.next.is_some() {
            fields.push(
                Field::new("area", TYPED, "Other services")
                    .hint("There are too many services to show them all. Enter the name or client ID of each other one on a line of its own")
                    .value(self.typed.as_str()),
            );
        }
        Ok(fields)
    }
}
