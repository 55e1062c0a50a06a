//! How long it takes to find the devices that a message to a group of 300 wakes, each with its badge.

use messenger_db::queries::push;
use messenger_db::seq::Seq;

use super::Bench;
use super::measure::{Contender, Figure, Pace, Summary};

/// Gives each member of the group two sessions with an address.
const DEVICES: &str = "
    INSERT INTO user_sessions (id, user_id, token_hash, expires_at)
    SELECT gen_random_uuid(), member.user_id, sha256(random()::text::bytea), now() + interval '30 days'
    FROM chat_participants AS member
    CROSS JOIN generate_series(1, 2)
    WHERE member.chat_id = '{chat}';
    INSERT INTO push_tokens (session_id, user_id, service, token)
    SELECT session.id, session.user_id, 'fcm', encode(sha256(session.id::text::bytea), 'hex')
    FROM user_sessions AS session
    INNER JOIN chat_participants AS member ON member.user_id = session.user_id
    WHERE member.chat_id = '{chat}' AND session.connection_id IS NULL;
    ANALYZE user_sessions, push_tokens";

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let world = &bench.large.world;
    // One in which nobody has read anything, so that everybody is woken.
    let chat = world.unread().next().unwrap();
    bench.server.execute(bench.large.name, &DEVICES.replace("{chat}", &chat.id.to_string()));
    let newest = Seq::new(chat.messages as i64);
    let memberships =
        world.chats().map(|other| other.members.iter().filter(|user| chat.members.contains(user)).count());
    let mean = memberships.sum::<usize>() / chat.members.len();
    // On one connection: what counts is how long the sender's service waits.
    let mut contenders = [Contender::new("whom it wakes", [bench.large.connect()], |conn, _| {
        assert!(push::targets(conn, chat.id, newest).unwrap().len() > 2 * 290);
    })];
    let comparison = bench.compare(&mut contenders, Pace::usual());
    let figure = Figure::new("push_targets_group300", 1e3 / comparison.rate("whom it wakes")).unit("ms").at_most(10.0);
    summary.add(figure.note(format!("two devices each, {mean} chats each, on one connection")));
}
