//! Updating a row that is only made and removed, so that its `created_at` tells of somebody else.
use messenger_db::models::BlockChanges;

fn main() {
    let _ = BlockChanges::default();
}
