"""Validates lines of JSON by the schema of the Open Cybersecurity Schema Framework, which its library for Python carries.

    ocsf.py FILE...

Prints what is wrong; nothing if all is right.
"""

import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

schemas = {}
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            event = json.loads(line)
            version, profiles = event["metadata"]["version"], event["metadata"].get("profiles", [])
            key = (version, event["class_uid"], *profiles)
            if key not in schemas:
                schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=version))
                schemas[key] = Draft202012Validator(schema.get_class_schema(
                    class_name=schema.lookup_class_name_from_uid(class_uid=event["class_uid"]), profiles=profiles))
            for error in schemas[key].iter_errors(event):
                print(f"{name}:{number}: {error.json_path}: {error.message[:200]}")
