/* fhir/json_c.h -- json-c in a file that also uses our own reader.
 *
 * Both have a `json_type` (fhir/json.h an enum tag and a function, json-c an enum and a typedef
 * of it). Include this instead of json-c's headers: its type is then called json_c_type; its
 * enumerators (json_type_null to json_type_string) and functions keep their names.
 */
#ifndef FHIR_JSON_C_H
#define FHIR_JSON_C_H

#define json_type json_c_type
#include <json-c/json.h>
#include <json-c/json_visit.h>
#undef json_type

#include "fhir/json.h"

#endif
