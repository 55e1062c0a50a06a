//! Reporting a delivery status that the client has and the database refuses.
use messenger_db::enums::DeliveryStatus;

fn main() {
    let _ = DeliveryStatus::Seen;
}
