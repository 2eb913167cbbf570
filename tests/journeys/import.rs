//! Files of accounts: right ones, wrong ones, the same one again.

use doorstep_server::demo::{SAMPLE_CSV, SAMPLE_MAPPING};
use doorstep_tests::company::Company;
use serde_json::Value;

async fn import(
    company: &Company,
    who: &str,
    file: Vec<u8>,
    mapping: &str,
    fields: &[(&str, &str)],
) -> (u16, Value) {
    let person = company.sign_in(who).await.unwrap();
    let boundary = "a-line-that-no-file-has";
    let mut body = Vec::new();
    let mut part = |name: &str, file_name: Option<&str>, content: &[u8]| {
        let file_name = file_name
            .map(|name| format!("; filename=\"{name}\""))
            .unwrap_or_default();
        body.extend_from_slice(
            format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("file", Some("accounts.csv"), &file);
    part("mapping", None, mapping.as_bytes());
    for (name, value) in fields {
        part(name, None, value.as_bytes());
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let answer = company
        .http()
        .post(format!("http://{}/v1/imports", company.address))
        .header("cookie", person.cookie())
        .header(
            "content-type",
            format!("multipart/form-data; boundary={boundary}"),
        )
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn codes(report: &Value) -> Vec<(u64, String)> {
    let row = |error: &Value| {
        (
            error["row"].as_u64().unwrap(),
            error["code"].as_str().unwrap().to_owned(),
        )
    };
    report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(row)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_again_changes_nothing() {
    let company = Company::start().await.unwrap();
    let head = |company: &Company| company.store.read(|tx| tx.head()).unwrap();
    let before = head(&company);
    let (status, report) = import(&company, "office", SAMPLE_CSV.into(), SAMPLE_MAPPING, &[]).await;
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["unchanged"], report["selected"]);
    assert_eq!(
        (report["opened"].as_u64(), report["updated"].as_u64()),
        (Some(0), Some(0))
    );
    assert_eq!(head(&company), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_statement_updates_and_keeps_the_people() {
    let company = Company::start().await.unwrap();
    let lines: Vec<_> = SAMPLE_CSV.lines().collect();
    let overdue = lines
        .iter()
        .skip(1)
        .find(|line| line.split(',').nth(6) == Some("2"))
        .unwrap();
    let mut cells: Vec<_> = overdue.split(',').map(str::to_owned).collect();
    cells[12] = (cells[12].parse::<i64>().unwrap() + 100).to_string();
    let newer = format!("{}\n{}\n", lines[0], cells.join(","));
    let (_, report) = import(
        &company,
        "lead",
        newer.clone().into(),
        SAMPLE_MAPPING,
        &[("dry_run", "true")],
    )
    .await;
    assert_eq!(
        (report["updated"].as_u64(), report["written"].as_bool()),
        (Some(1), Some(false))
    );
    let (_, report) = import(&company, "lead", newer.into(), SAMPLE_MAPPING, &[]).await;
    assert_eq!(
        (report["updated"].as_u64(), report["written"].as_bool()),
        (Some(1), Some(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rows_are_named_and_nothing_is_half_imported() {
    let company = Company::start().await.unwrap();
    let heading = SAMPLE_CSV.lines().next().unwrap();
    let row = |id: &str, status: &str, bill: &str| {
        format!("{id},1,1,1,1,30,{status},0,0,0,0,0,{bill},100,100,100,100,100,0,0,0,0,0,0,0")
    };
    let file = [
        heading.to_owned(),
        row("9001", "2", "500"),
        row("9002", "2", "-5"),
        row("9003", "2", "many"),
        row("9001", "2", "500"),
        "9004,1,2".to_owned(),
        row("", "2", "500"),
    ]
    .join("\n");
    let before = company.store.read(|tx| tx.count_cases()).unwrap();
    let (status, report) =
        import(&company, "office", file.clone().into(), SAMPLE_MAPPING, &[]).await;
    assert_eq!(status, 200);
    let wanted = [
        (3, "balance.negative"),
        (4, "cell.not_an_amount"),
        (5, "account.duplicate"),
        (6, "row.cells"),
        (7, "cell.empty"),
    ]
    .map(|(row, code)| (row, code.to_owned()));
    assert_eq!(codes(&report), wanted);
    assert_eq!(report["written"], false);
    assert_eq!(company.store.read(|tx| tx.count_cases()).unwrap(), before);

    let (_, report) = import(
        &company,
        "office",
        file.into(),
        SAMPLE_MAPPING,
        &[("accept_good_rows", "true")],
    )
    .await;
    assert_eq!(
        (report["opened"].as_u64(), report["wrong"].as_u64()),
        (Some(1), Some(5))
    );
    assert_eq!(
        company.store.read(|tx| tx.count_cases()).unwrap(),
        before + 1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_missing_columns_are_named() {
    let company = Company::start().await.unwrap();
    let file = SAMPLE_CSV.replacen("BILL_AMT6", "BILL_SIX", 1);
    let (_, report) = import(
        &company,
        "office",
        file.into(),
        SAMPLE_MAPPING,
        &[("accept_good_rows", "true")],
    )
    .await;
    assert_eq!(
        codes(&report),
        [
            (0, "column.missing".to_owned()),
            (0, "column.unknown".to_owned())
        ]
    );
    assert_eq!(report["written"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_mappings_that_can_not_be_read_say_why() {
    let company = Company::start().await.unwrap();
    let mut broken = SAMPLE_CSV.as_bytes().to_vec();
    broken[SAMPLE_CSV.find('\n').unwrap() + 1] = 0xff;
    let (status, said) = import(&company, "office", broken, SAMPLE_MAPPING, &[]).await;
    assert_eq!((status, said["code"].as_str()), (422, Some("import.file")));
    assert!(
        said["message"].as_str().unwrap().contains("line 2"),
        "{said}"
    );
    let (status, said) = import(
        &company,
        "office",
        b"PK\x03\x04 not a workbook".to_vec(),
        SAMPLE_MAPPING,
        &[],
    )
    .await;
    assert_eq!((status, said["code"].as_str()), (422, Some("import.file")));
    let (status, said) = import(&company, "office", SAMPLE_CSV.into(), "currency = 7", &[]).await;
    assert_eq!(
        (status, said["code"].as_str()),
        (422, Some("import.mapping"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_gives_the_same_cases_as_its_csv() {
    let company = Company::start().await.unwrap();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0_u32..).zip(SAMPLE_CSV.lines()) {
        for (column, cell) in (0_u16..).zip(line.split(',')) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, cell).unwrap(),
            };
        }
    }
    let bytes = workbook.save_to_buffer().unwrap();
    let (status, report) = import(&company, "office", bytes, SAMPLE_MAPPING, &[]).await;
    assert_eq!(status, 200, "{report}");
    assert_eq!(report["unchanged"], report["selected"]);
    assert_eq!(report["rows"], 1200);
}

#[tokio::test(flavor = "multi_thread")]
async fn gentler_ways_come_first_where_the_creditor_counts_them() {
    let company = Company::start().await.unwrap();
    let mapping = SAMPLE_MAPPING.replacen("bills =", "gentler_attempts = \"TRIED\"\nbills =", 1);
    // What the creditor counted, of every account in the file.
    let counted = |tried: &str| {
        let mut file = String::new();
        for (row, line) in SAMPLE_CSV.lines().enumerate() {
            let cell = if row == 0 { "TRIED" } else { tried };
            file.push_str(&format!("{line},{cell}\n"));
        }
        file.into_bytes()
    };
    let listed = async || {
        let lead = company.sign_in("lead").await.unwrap();
        let all = Some(serde_json::json!({}));
        let page = lead.done("POST", "/v1/cases/search", all).await.unwrap();
        let cases = page["cases"].as_array().unwrap().clone();
        let is_too_early = |case: &Value| {
            let mut against = case["against"].as_array().unwrap().iter();
            against.any(|reason| reason["citation"]["rule"] == "HOUSE-LAST-2")
        };
        let tried = cases[0]["gentler_attempts"].clone();
        (
            tried,
            cases.iter().filter(|case| is_too_early(case)).count(),
        )
    };
    assert_eq!(listed().await, (Value::Null, 0), "nobody counted: Q28 asks");
    let (status, report) = import(&company, "office", counted("1"), &mapping, &[]).await;
    assert_eq!((status, &report["updated"]), (200, &report["selected"]));
    let (tried, too_early) = listed().await;
    assert!(tried == 1 && too_early > 0, "{tried}, {too_early}");
    // Whoever does not say leaves what was known.
    import(&company, "office", counted(""), &mapping, &[]).await;
    assert_eq!(listed().await.0, 1);
    import(&company, "office", counted("3"), &mapping, &[]).await;
    assert_eq!(listed().await, (Value::from(3), 0));
    let (_, report) = import(&company, "office", counted("-1"), &mapping, &[]).await;
    let codes = codes(&report);
    assert!(codes.iter().all(|(_, code)| code == "cell.not_a_number"));
    assert!(!codes.is_empty());
    assert_eq!(listed().await.0, 3, "nothing of a wrong file is taken");
}
