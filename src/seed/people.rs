//! The accounts of a crowd.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use fastrand::Rng;

use super::{Crowd, Progress, Report, SeedError, password, tell, uuid, words};
use crate::actor::Actor;
use crate::enums::UserStatus;
use crate::ids::UserId;
use crate::models::NewUser;
use crate::queries::accounts;
use crate::schema::users;

/// Accounts in a transaction.
const BATCH: usize = 500;

struct Person {
    id: UserId,
    username: String,
    display_name: String,
    status: UserStatus,
}

impl Person {
    fn new(number: u32, seed: u64, rng: &mut Rng) -> Self {
        let (first, last) = words::name(rng);
        let status = *rng
            .choice(&[UserStatus::Online, UserStatus::Away, UserStatus::Offline, UserStatus::Offline])
            .unwrap_or(&UserStatus::Offline);
        let mut bytes = [0; 10];
        rng.fill(&mut bytes);
        Self {
            id: UserId::from_uuid(uuid(DateTime::<Utc>::UNIX_EPOCH + super::messages::BEGIN, bytes)),
            // The seed and the number make it unique; the names are for people.
            username: format!("{first}_{last}_{seed}_{number}").to_ascii_lowercase(),
            display_name: format!("{first} {last}"),
            status,
        }
    }
}

/// Opens the accounts that are not there yet. Gives all of them, and how many are new.
pub(super) fn register(
    conn: &mut PgConnection,
    crowd: &Crowd,
    rng: &mut Rng,
    report: &mut Report<'_>,
) -> Result<(Vec<UserId>, usize), SeedError> {
    let people: Vec<_> = (1..=crowd.users).map(|number| Person::new(number, crowd.seed, rng)).collect();
    let (mut new, mut done) = (0, 0);
    for batch in people.chunks(BATCH) {
        new += conn.transaction(|conn| register_batch(conn, batch))?;
        done += batch.len() as u64;
        tell(report, Progress { making: "users", done, total: u64::from(crowd.users) })?;
    }
    Ok((people.iter().map(|person| person.id).collect(), new))
}

fn register_batch(conn: &mut PgConnection, batch: &[Person]) -> Result<usize, SeedError> {
    let ids = batch.iter().map(|person| person.id);
    let there: HashSet<UserId> =
        users::table.filter(users::id.eq_any(ids)).select(users::id).load(conn)?.into_iter().collect();
    let password_hash = password();
    for person in batch.iter().filter(|person| !there.contains(&person.id)) {
        let new = NewUser {
            id: person.id,
            username: &person.username,
            password_hash: &password_hash,
            display_name: Some(&person.display_name),
            avatar_url: None,
        };
        accounts::register(conn, &new).map_err(|error| SeedError::of(&person.username, error))?;
        if person.status != UserStatus::Offline {
            accounts::set_presence(conn, Actor::trusted(person.id), person.status)
                .map_err(|error| SeedError::of(&person.username, error))?;
        }
    }
    Ok(batch.len() - there.len())
}
