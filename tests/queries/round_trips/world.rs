//! Who calls the operations, and what is prepared for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use messenger_db::actor::Actor;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::queries::contacts;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::seq::Seq;

use super::super::cast::{self, by};
use super::{Cost, Counters};

/// Alice, who calls; her group with Bob and Carol, and her direct chat with Bob.
pub struct World {
    /// Prepares, and is not counted.
    pub beside: PgConnection,
    /// What the calls ask for on `conn` is counted.
    pub conn: PgConnection,
    pub counters: Arc<Counters>,
    pub costs: BTreeMap<&'static str, Cost>,
    /// Of the operations that had more statements planned at their last call than were parsed again, what was planned,
    /// statements inside of functions among it. None where the server does not count plans.
    pub planned: Option<BTreeMap<&'static str, Vec<String>>>,
    pub alice: UserId,
    pub bob: UserId,
    pub group: ChatId,
    pub direct: ChatId,
    pub session: SessionId,
    pub made: usize,
}

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    query: String,
}

impl World {
    /// Calls an operation again and again, each time with what was prepared for it, and notes what the last call costs: the
    /// second one; where plans are counted, one after the five for which PostgreSQL plans each statement anew.
    pub fn call<P, T, E: std::fmt::Debug>(
        &mut self,
        name: &'static str,
        prepare: impl Fn(&mut Self) -> P,
        call: impl Fn(&mut PgConnection, Actor, P) -> Result<T, E>,
    ) {
        let times = if self.planned.is_some() { 8 } else { 2 };
        for _ in 0..times {
            let prepared = prepare(self);
            if self.planned.is_some() {
                self.beside.batch_execute("SELECT pg_stat_statements_reset()").unwrap();
            }
            let before = self.counters.now();
            call(&mut self.conn, by(self.alice), prepared).unwrap();
            let after = self.counters.now();
            let cost = Cost {
                statements: after.statements - before.statements,
                round_trips: after.round_trips - before.round_trips,
                parses: after.parses - before.parses,
            };
            self.costs.insert(name, cost);
        }
        if let Some(planned) = &mut self.planned {
            let statements = sql_query(
                "SELECT query FROM pg_stat_statements WHERE plans > 0 AND query NOT LIKE '%pg_stat_statements%'",
            );
            let statements = statements.load::<Statement>(&mut self.beside).unwrap();
            if statements.len() > self.costs[name].parses {
                planned.insert(name, statements.into_iter().map(|statement| statement.query).collect());
            }
        }
    }

    pub fn name(&mut self) -> String {
        self.made += 1;
        format!("made_{}", self.made)
    }

    pub fn somebody(&mut self) -> UserId {
        let name = self.name();
        cast::user(&mut self.beside, &name)
    }

    /// A member of the group who is new in it.
    pub fn newcomer(&mut self) -> UserId {
        let newcomer = self.somebody();
        groups::add(&mut self.beside, by(self.alice), self.group, newcomer).unwrap();
        newcomer
    }

    pub fn said_by(&mut self, user: UserId) -> Seq {
        cast::say(&mut self.beside, self.group, user, ["See you at https://example.com"])
    }

    pub fn own_group(&mut self) -> ChatId {
        groups::create(&mut self.beside, by(self.alice), &NewGroup::new("Runners", &[self.bob])).unwrap().id
    }

    pub fn own_session(&mut self) -> SessionId {
        sessions::open(&mut self.beside, self.alice, &Device::new(DeviceType::Web), TimeDelta::days(30))
            .unwrap()
            .session
            .id
    }

    pub fn asked_by_another(&mut self) -> UserId {
        let other = self.somebody();
        contacts::request(&mut self.beside, by(other), self.alice).unwrap();
        other
    }
}
