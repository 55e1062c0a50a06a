//! The small soak: bots over sockets, devices that go away and come back, and every one right in the end.

use std::process::Command;

use crate::support::Service;

#[test]
fn every_device_of_twenty_people_on_two_servers_ends_with_what_a_fresh_download_gives() {
    let service = Service::start(&[("COMMANDS_PER_SECOND", "1000")]);
    let second = Service::on(&service.database_url, &[("COMMANDS_PER_SECOND", "1000")]);
    let folder = tempfile::tempdir().unwrap();
    let summary = folder.path().join("soak/summary.json");
    let servers = format!("{},{}", service.address, second.address);
    let soak = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["--database", &service.database_url, "--servers", &servers])
        .args(["--users", "20", "--devices", "28", "--rate", "10", "--seconds", "10"])
        .arg("--summary")
        .arg(&summary)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&soak.stdout);
    assert!(soak.status.success(), "{said}{}", String::from_utf8_lossy(&soak.stderr));

    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(summary).unwrap()).unwrap();
    let of_seconds = |kind: &str, number: usize| -> u64 {
        let values = summary["each_second"][kind][number]["values"].as_array().unwrap();
        values.iter().filter_map(serde_json::Value::as_u64).sum()
    };
    assert_eq!(summary["met"], true, "{summary}");
    assert_eq!(of_seconds("counts", 0), summary["written"].as_u64().unwrap(), "{summary}");
    assert_eq!(of_seconds("counts", 1), summary["deliveries"].as_u64().unwrap(), "{summary}");
}
