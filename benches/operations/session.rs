//! The cost of finding the session of a token, beside the cheapest statement there is and
//! beside another design.

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use messenger_db::actor::Actor;
use messenger_db::enums::DeviceType;
use messenger_db::queries::sessions::{self, Device};
use messenger_db::secrets::SessionToken;
use rand::seq::IndexedRandom as _;

use super::Bench;
use super::measure::{Contender, Pace, Summary};
use super::peers::{self, Peer};

pub fn figures(bench: &Bench, summary: &mut Summary) {
    Peer::Posts.create(bench);
    let mut conn = bench.large.connect();
    let tokens: Vec<_> =
        bench.large.world.users.iter().take(1_000).map(|user| open(&mut conn, Actor::trusted(*user))).collect();
    let mut contenders = [
        Contender::new("select 1", bench.connections(), |conn, _| {
            diesel::select(1.into_sql::<Integer>()).get_result::<i32>(conn).unwrap();
        }),
        Contender::new("session by token", bench.connections(), |conn, dice| {
            sessions::authenticate(conn, tokens.choose(dice).unwrap()).unwrap();
        }),
        Contender::new("session, posts", Peer::Posts.connections(bench), |conn, dice| {
            peers::posts::session(conn, *bench.large.world.users.choose(dice).unwrap());
        }),
    ];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    summary.add(comparison.ratio("session_by_token_vs_select_1", "session by token", "select 1").at_least(0.7));
    summary
        .add(comparison.ratio("session_by_token_vs_posts_design", "session by token", "session, posts").at_least(1.0));
}

fn open(conn: &mut PgConnection, user: Actor) -> SessionToken {
    sessions::open(conn, user.user_id(), &Device::new(DeviceType::Web), TimeDelta::days(1)).unwrap().token
}
