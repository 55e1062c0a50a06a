//! The people of the soak, their groups and devices: made with the library, because hashing a thousand passwords is not
//! what is measured.

use diesel::{Connection as _, PgConnection};
use messenger_db::actor::Actor;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::NewUser;
use messenger_db::queries::accounts;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::secrets::PasswordHash;

use crate::Failed;

/// Everybody.
pub struct People {
    pub sessions: Vec<Session>,
}

/// A device that is signed in.
#[derive(Clone)]
pub struct Session {
    pub actor: Actor,
    pub token: String,
    pub chats: Vec<ChatId>,
}

/// Makes them: each user is in two groups, with others in each.
pub fn prepare(database: &str, users: usize, devices: usize, group: usize) -> Result<People, Failed> {
    let conn = &mut PgConnection::establish(database)?;
    let hash = PasswordHash::new("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    let mut actors = Vec::with_capacity(users);
    for number in 0..users {
        let username = format!("soak_{number}_{:08x}", fastrand::u32(..));
        let user = NewUser {
            id: UserId::new(),
            username: &username,
            password_hash: &hash,
            display_name: None,
            avatar_url: None,
        };
        actors.push(Actor::trusted(accounts::register(conn, &user)?.id));
    }
    let mut chats = vec![Vec::new(); users];
    // Once the neighbours, and once everybody who is as far from each other as can be.
    let apart = users.div_ceil(group).max(1);
    let near = (0..users).collect::<Vec<_>>().chunks(group).map(<[usize]>::to_vec).collect::<Vec<_>>();
    let far = (0..apart).map(|first| (first..users).step_by(apart).collect::<Vec<_>>());
    for members in near.into_iter().chain(far) {
        let [owner, others @ ..] = members.as_slice() else { continue };
        let ids: Vec<UserId> = others.iter().map(|&number| actors[number].user_id()).collect();
        let chat = groups::create(conn, actors[*owner], &NewGroup::new("Soak", &ids))?;
        for member in members {
            chats[member].push(chat.id);
        }
    }
    let mut sessions = Vec::with_capacity(devices);
    for number in 0..devices {
        let user = number % users;
        let opened =
            sessions::open(conn, actors[user].user_id(), &Device::new(DeviceType::Other), chrono::TimeDelta::days(1))?;
        sessions.push(Session { actor: actors[user], token: opened.token.expose(), chats: chats[user].clone() });
    }
    Ok(People { sessions })
}
