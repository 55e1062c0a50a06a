//! Migrates the database of `DATABASE_URL`, as the service would when it starts.

use messenger_db::migrate::Silent;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let report = own_tables::migrate(&std::env::var("DATABASE_URL")?, &mut Silent)?;
    println!("{} migrations applied", report.steps.len());
    Ok(())
}
