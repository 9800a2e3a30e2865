"""Prints the rows of one guest of honest-hosts; fails if one is not as it must be."""

import base64
import gzip
import json
import re
import sys

label, processor, count, parameters = sys.argv[1:]
log = sys.stdin.read()
start = f"| {label} | {processor or 'max'} | {count or 1} | {parameters or '–'} |"
wrong = False
for image in ("image", "none"):
    found = re.search(rf"REPORT {image} (\d+)\s(.*?)\nEND\s", log, re.DOTALL)
    if not found:
        wrong = True
        print(f"{start} {image} | – | no scan: {' '.join(log.split())[-200:]} | | | |", flush=True)
        continue
    report = json.loads(gzip.decompress(base64.b64decode("".join(found[2].split()))))
    checks = report["checks"]
    findings = [f"{check['id']}: {finding.get('title', finding)}" for check in checks for finding in check["findings"]]
    unknown = [check["id"] for check in checks if check["outcome"] == "unknown"]
    # The words of the first question of each check, which is what a reader sees.
    reasons = [f"{check['id']}: {check['unanswered'][0]['reason']}" for check in checks if check["unanswered"]]
    told = unknown if image == "none" else reasons
    wrong = wrong or bool(findings) or report["exitStatus"] != (0 if image == "image" else 3)
    seconds = report["run"]["wallSeconds"]
    print(
        f"{start} {image} | {found[1]} | {report['exitStatus']} | {len(findings)} {'; '.join(findings)[:600]} "
        f"| {'; '.join(told) or '0'} | {seconds} |",
        flush=True,
    )
sys.exit(wrong)
