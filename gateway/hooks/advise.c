/* gateway/hooks/advise.c -- a hook call made up from a line, and its advice as JSON. */
#include "gateway/hooks/advise.h"

#include "fhir/json_write.h"
#include "gateway/hooks/card.h"
#include "gateway/hooks/result_text.h"

#define NODES_MAX       100000u
#define ARENA_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CARD_BYTES_MAX  ((size_t)1024 * 1024)
#define RESULTS_MAX     64 /* in one line */
#define AGE_YEARS_MAX   150
#define DRUGS_MAX       8 /* ingredients of one product */

/* One line on its way. */
struct request {
    struct advise *advise;
    const struct rules_knowledge *k;
    struct arena *arena;
    struct json root;
    struct slice id;
    const struct rules_drug *drugs[DRUGS_MAX];
    size_t drugs_count;
    struct rules_facts patient;
    struct rules_order order;
    struct slice population;
    const char *error;
};

/* What every result of a line is said to come from, and what the order is. */
static const struct fhir_resource GIVEN = {
    .type = {"input", 5}, .name = {"as given", 8}, .parent = SIZE_MAX};

void advise_init(struct advise *advise)
{
    *advise = (struct advise){.options = {.json_nodes_max = NODES_MAX,
                                          .cards_max = 1,
                                          .arena_bytes_max = ARENA_BYTES_MAX,
                                          .locale = SLICE("en")}};
    hook_call_init(&advise->call, &advise->options);
    json_doc_init(&advise->doc);
    buf_init(&advise->card, CARD_BYTES_MAX);
}

void advise_release(struct advise *advise)
{
    hook_call_release(&advise->call);
    json_doc_release(&advise->doc);
    buf_release(&advise->card);
}

static bool refuse(struct request *r, const char *why)
{
    r->error = why;
    return false;
}

/* --- reading -------------------------------------------------------------------------------
 */

static bool only_known_members(struct request *r, struct json object, const char *const *names,
                               size_t count)
{
    for (struct json m = json_first(object); !json_is_absent(m); m = json_next(m)) {
        struct slice name = json_name(m, r->arena);
        bool is_known = false;

        for (size_t i = 0; i < count; i++)
            is_known = is_known || slice_eq_text(name, names[i]);
        if (!is_known)
            return false;
    }
    return true;
}

static bool add_drug(struct request *r, const struct rules_drug *drug)
{
    if (r->drugs_count == DRUGS_MAX)
        return refuse(r, "drug: the code names too many ingredients");
    r->drugs[r->drugs_count++] = drug;
    return true;
}

static bool read_drug(struct request *r)
{
    struct json value = json_get(r->root, "drug");
    struct slice code = json_text(value, r->arena), system;
    char name[64];

    if (!json_is(value, JSON_STRING))
        return refuse(r, "drug: a name or \"system|code\" is required");
    if (slice_find_char(code, '|') != SIZE_MAX) {
        const struct rules_drug_code **codes;
        size_t count;

        system = slice_cut(code, '|', &code);
        count = hook_codes_find(r->k, system, code, &codes);
        for (size_t i = 0; i < count; i++)
            if (!add_drug(r, rules_find_drug(r->k, codes[i]->drug)))
                return false;
        return count > 0 || refuse(r, "drug: the code is not known");
    }
    code = slice_trim(code);
    if (code.len < sizeof name) {
        for (size_t i = 0; i < code.len; i++)
            name[i] = (char)(code.ptr[i] >= 'A' && code.ptr[i] <= 'Z' ? code.ptr[i] + 32
                                                                      : code.ptr[i]);
        code.ptr = name;
        if (rules_find_drug(r->k, code) != NULL)
            return add_drug(r, rules_find_drug(r->k, code));
    }
    return refuse(r, "drug: the name is not known");
}

/* A number of hundredths within [1, max]. */
static bool read_number(struct json value, uint32_t max_x100, uint32_t *ret_x100)
{
    return json_to_x100(value, ret_x100) && *ret_x100 <= max_x100;
}

static bool read_patient(struct request *r, struct json context)
{
    struct json age = json_get(context, "age_years"), weight = json_get(context, "weight_kg");
    struct json sex = json_get(context, "sex");
    uint32_t age_x100 = 0;

    if (!json_is_absent(age)) {
        if (!read_number(age, AGE_YEARS_MAX * 100, &age_x100))
            return refuse(r, "context.age_years: a number from 0 to 150");
        r->patient.has_age = true;
        r->patient.age_years = age_x100 / 100;
    }
    if (!json_is_absent(weight)) {
        if (!read_number(weight, 100000, &r->patient.weight_x100))
            return refuse(r, "context.weight_kg: a number from 0 to 1000");
        r->patient.has_weight = true;
    }
    if (!json_is_absent(sex) && !rules_sex_from_name(json_text(sex, r->arena), &r->patient.sex))
        return refuse(r, "context.sex: any, female or male");
    return true;
}

static bool read_context(struct request *r)
{
    static const char *const MEMBERS[] = {"age_years",  "weight_kg", "sex",
                                          "population", "therapy",   "dose_mg_per_day"};
    struct json context = json_get(r->root, "context");
    struct json therapy = json_get(context, "therapy");
    struct json population = json_get(context, "population");
    struct json dose = json_get(context, "dose_mg_per_day");

    if (json_is_absent(context) || json_is(context, JSON_NULL))
        return true;
    if (!json_is(context, JSON_OBJECT) ||
        !only_known_members(r, context, MEMBERS, ARRAY_LEN(MEMBERS)))
        return refuse(r, "context: an object of age_years, weight_kg, sex, population, therapy "
                         "and dose_mg_per_day");
    if (!json_is_absent(therapy) &&
        !rules_therapy_from_name(json_text(therapy, r->arena), &r->order.therapy))
        return refuse(r, "context.therapy: any, naive or established");
    if (!json_is_absent(population) && !json_is(population, JSON_STRING))
        return refuse(r, "context.population: a text");
    if (!json_is_absent(dose)) {
        if (!read_number(dose, 100000000, &r->order.dose_x100))
            return refuse(r, "context.dose_mg_per_day: a number");
        r->order.has_dose = true;
        r->order.dose_unit = SLICE("mg/d");
    }
    r->population = json_text(population, r->arena);
    return read_patient(r, context);
}

/* A lookup key as CPIC writes it, or what a laboratory would write. */
static bool read_result(struct request *r, const struct rules_gene *gene, struct slice text,
                        struct rules_evidence *ret, bool *ret_is_result)
{
    enum result_text how = RESULT_TEXT_READ;
    struct err err = {0};

    rules_evidence_from_text(r->k, gene, text, ret);
    if (ret->alleles_count > 0 &&
        result_text_evidence(r->k, gene, text, r->arena, ret, &how, &err) != ERR_OK)
        return refuse(r, "no memory for this line");
    *ret_is_result = how == RESULT_TEXT_READ;
    if (how == RESULT_TEXT_OTHER_GENE)
        return refuse(r, "genes: a result names another gene");
    return how != RESULT_TEXT_UNREADABLE || refuse(r, "genes: a result cannot be read");
}

static bool add_result(struct request *r, const struct rules_gene *gene, struct json value)
{
    struct hook_facts *facts = &r->advise->call.facts;
    struct slice text = slice_trim(json_text(value, r->arena));
    size_t at = facts->reading.evidence_count;
    bool is_result = false;

    if (text.len == 0)
        return refuse(r, "genes: each result is a text, or an array of texts");
    if (slice_eq_nocase(text, SLICE(RULES_NO_RESULT)))
        return true;
    if (at == RESULTS_MAX)
        return refuse(r, "genes: too many results");
    if (!read_result(r, gene, text, &facts->evidence[at], &is_result))
        return false;
    facts->reading.evidence[at] =
        (struct fhir_evidence){.resource = &GIVEN, .gene = gene->symbol};
    facts->reading.evidence_count += is_result;
    return true;
}

static bool read_genes(struct request *r)
{
    struct json genes = json_get(r->root, "genes");
    struct hook_facts *facts = &r->advise->call.facts;

    facts->reading.evidence =
        arena_array(r->arena, RESULTS_MAX, sizeof *facts->reading.evidence);
    facts->evidence = arena_array(r->arena, RESULTS_MAX, sizeof *facts->evidence);
    if (facts->reading.evidence == NULL || facts->evidence == NULL)
        return refuse(r, "no memory for this line");
    if (!json_is(genes, JSON_OBJECT))
        return refuse(r, "genes: an object of genes and their results is required");
    for (struct json m = json_first(genes); !json_is_absent(m); m = json_next(m)) {
        const struct rules_gene *gene = result_text_gene(r->k, json_name(m, r->arena));

        if (gene == NULL)
            return refuse(r, "genes: a gene is not known");
        if (!json_is(m, JSON_ARRAY)) {
            if (!add_result(r, gene, m))
                return false;
            continue;
        }
        for (struct json e = json_first(m); !json_is_absent(e); e = json_next(e))
            if (!add_result(r, gene, e))
                return false;
    }
    return true;
}

static bool read_line(struct request *r, struct slice line)
{
    static const char *const MEMBERS[] = {"id", "genes", "drug", "context"};
    struct json id;
    struct err err = {0};

    if (json_parse(&r->advise->doc, line, NODES_MAX, &err) != ERR_OK)
        return refuse(r, arena_copy(r->arena, slice_of(err.text)).ptr);
    r->root = json_root(&r->advise->doc);
    if (!json_is(r->root, JSON_OBJECT))
        return refuse(r, "a line is a JSON object");
    id = json_get(r->root, "id");
    r->id = json_is(id, JSON_NUMBER) || json_is(id, JSON_STRING) ? json_raw(id) : SLICE_NONE;
    if (!only_known_members(r, r->root, MEMBERS, ARRAY_LEN(MEMBERS)))
        return refuse(r, "a line has the members id, genes, drug and context");
    return read_drug(r) && read_context(r) && read_genes(r);
}

/* --- deciding ------------------------------------------------------------------------------
 */

static bool resolve(struct request *r, const struct rules_drug *drug)
{
    struct hook_facts *facts = &r->advise->call.facts;
    struct err err = {0};

    facts->genes_count = rules_genes_of_drug(r->k, drug, &facts->genes);
    facts->results = arena_array(r->arena, facts->genes_count, sizeof *facts->results);
    if (facts->results == NULL)
        return refuse(r, "no memory for this line");
    for (size_t i = 0; i < facts->genes_count; i++)
        if (rules_resolve_gene(r->k, facts->genes[i], facts->evidence,
                               facts->reading.evidence_count, r->arena, &facts->results[i],
                               &err) != ERR_OK)
            return refuse(r, arena_copy(r->arena, slice_of(err.text)).ptr);
    r->patient.genes = facts->results;
    r->patient.genes_count = facts->genes_count;
    return true;
}

static bool decide(struct request *r, const struct rules_drug *drug)
{
    struct hook_call *call = &r->advise->call;
    struct hook_drug_order *order = arena_new(r->arena, struct hook_drug_order);
    struct fhir_order *as_read = arena_new(r->arena, struct fhir_order);
    struct err err = {0};

    call->advice = arena_new(r->arena, struct rules_advice);
    if (order == NULL || as_read == NULL || call->advice == NULL || !resolve(r, drug))
        return r->error != NULL ? false : refuse(r, "no memory for this line");
    r->order.drug = drug;
    r->order.policy = &r->advise->policy;
    r->order.population = rules_population_by_id(r->k, drug, r->population);
    if (r->population.len > 0 && r->order.population == NULL &&
        !slice_eq_text(r->population, "general"))
        return refuse(r, "context.population: not one of the drug's");
    *as_read = (struct fhir_order){.resource = &GIVEN, .name = GIVEN.name};
    *order = (struct hook_drug_order){
        .order = as_read, .drug = drug, .population = r->order.population};
    call->facts.drug_orders = order;
    call->facts.drug_orders_count = 1;
    if (rules_evaluate(r->k, &r->order, &r->patient, r->arena, call->advice, &err) != ERR_OK)
        return refuse(r, arena_copy(r->arena, slice_of(err.text)).ptr);
    return true;
}

/* --- writing -------------------------------------------------------------------------------
 */

/* The patient's key; of a score that is only known to lie somewhere, the recommendation's own
 * keys. */
static void write_key(struct request *r, const struct rules_match *match, size_t because,
                      struct json_writer *w)
{
    const struct rules_gene_result *result = match->because[because].result;
    const struct rules_key *key =
        &result->calls[match->because[because].call].keys[match->because[because].key];
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(r->k, match->recommendation, &conditions);
    struct slice text = SLICE_NONE;

    if (!key->is_score || key->from_x100 == key->to_x100 ||
        key->to_x100 == RULES_SCORE_NO_MAX) {
        json_write_text(w, rules_key_text(key, r->arena));
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (slice_eq(conditions[i].gene, result->gene->symbol))
            text = arena_printf(r->arena, "%.*s%s%.*s", SLICE_ARG(text),
                                text.len > 0 ? "|" : "", SLICE_ARG(conditions[i].key));
    json_write_text(w, text);
}

static void write_lookup(struct request *r, const struct rules_match *match,
                         struct json_writer *w)
{
    const struct rules_condition *conditions;
    size_t count = rules_conditions_of(r->k, match->recommendation, &conditions);

    json_write_name(w, "lookup");
    json_write_object(w);
    for (size_t i = 0; i < match->because_count; i++) {
        const struct rules_gene_result *result = match->because[i].result;

        if (result == NULL)
            continue;
        json_write_name_slice(w, result->gene->symbol);
        write_key(r, match, i, w);
    }
    /* Genes that the recommendation takes without a result. */
    for (size_t i = 0; i < count; i++) {
        bool is_named = false;

        for (size_t b = 0; b < match->because_count; b++)
            is_named = is_named ||
                       (match->because[b].result != NULL &&
                        slice_eq(match->because[b].result->gene->symbol, conditions[i].gene));
        if (!is_named && (i == 0 || !slice_eq(conditions[i].gene, conditions[i - 1].gene))) {
            json_write_name_slice(w, conditions[i].gene);
            json_write_text(w, SLICE(RULES_NO_RESULT));
        }
    }
    json_write_object_end(w);
}

static void write_recommendation(struct request *r, const struct rules_match *match,
                                 struct json_writer *w)
{
    const struct rules_recommendation *m = match->recommendation;
    const struct rules_source *source = rules_find_source(r->k, m->source);

    json_write_object(w);
    json_write_member_text(w, "source", source == NULL ? m->source : source->publisher);
    json_write_member_text(w, "population",
                           m->population.len > 0 ? m->population : SLICE("general"));
    write_lookup(r, match, w);
    json_write_member_text(w, "classification",
                           slice_of(rules_classification_name(m->classification)));
    json_write_member_bool(w, "alternative", m->has_alternative);
    json_write_member_bool(w, "dose", m->has_dose);
    json_write_member_bool(w, "other", m->has_other);
    json_write_member_text(w, "part", slice_of(rules_part_name(match->part)));
    if (m->label != RULES_LABEL_NONE)
        json_write_member_text(w, "label", slice_of(rules_label_name(m->label)));
    json_write_member_bool(w, "certain", match->is_certain);
    json_write_member_text(w, "rule", m->id);
    json_write_member_text(w, "release", rules_knowledge_hash(r->k));
    json_write_object_end(w);
}

/* "CYP2D6: a phenotype without a genotype" */
static void write_notes(struct request *r, struct json_writer *w)
{
    const struct hook_facts *facts = &r->advise->call.facts;

    json_write_name(w, "notes");
    json_write_array(w);
    for (size_t g = 0; g < facts->genes_count; g++) {
        uint32_t notes = 0;

        for (size_t c = 0; c < facts->results[g].calls_count; c++)
            notes |= facts->results[g].calls[c].notes;
        for (uint32_t n = 0; n < RULES_NOTES_COUNT; n++)
            if ((notes >> n & 1) != 0)
                json_write_text(w, arena_printf(r->arena, "%.*s: %s",
                                                SLICE_ARG(facts->genes[g]->symbol),
                                                rules_call_note_name((enum rules_call_note)n)));
    }
    json_write_array_end(w);
}

static void write_card(struct request *r, struct json_writer *w)
{
    struct advise *a = r->advise;

    buf_clear(&a->card);
    json_write_name(w, "card");
    if (hook_card_write(&a->call, 0, &a->card))
        json_write_raw(w, buf_slice(&a->card));
    else
        json_write_raw(w, SLICE("null"));
    if (buf_failed(&a->card))
        w->buf->has_failed = true;
}

static void write_answer(struct request *r, const struct rules_drug *drug, struct buf *out)
{
    const struct rules_advice *advice = r->advise->call.advice;
    struct json_writer w;

    json_write_init(&w, out);
    json_write_object(&w);
    if (r->id.len > 0) {
        json_write_name(&w, "id");
        json_write_raw(&w, r->id);
    }
    json_write_member_text(&w, "drug", drug->name);
    json_write_name(&w, "recommendations");
    json_write_array(&w);
    for (size_t i = 0; i < advice->matches_count; i++)
        write_recommendation(r, &advice->matches[i], &w);
    json_write_array_end(&w);
    json_write_name(&w, "missing");
    json_write_array(&w);
    for (size_t i = 0; i < advice->missing_count; i++)
        json_write_text(&w, advice->missing[i]->symbol);
    json_write_array_end(&w);
    write_notes(r, &w);
    if (advice->sources_differ)
        json_write_member_bool(&w, "sources_differ", true);
    json_write_member_text(&w, "alert", slice_of(rules_alert_name(advice->alert)));
    write_card(r, &w);
    json_write_object_end(&w);
    buf_add_char(out, '\n');
}

static void write_error(struct request *r, struct buf *out)
{
    struct json_writer w;

    json_write_init(&w, out);
    json_write_object(&w);
    if (r->id.len > 0) {
        json_write_name(&w, "id");
        json_write_raw(&w, r->id);
    }
    json_write_member_text(&w, "error", slice_of(r->error));
    json_write_object_end(&w);
    buf_add_char(out, '\n');
}

bool advise_line(struct advise *advise, const struct rules_knowledge *knowledge,
                 struct slice line, struct buf *out)
{
    struct request r = {.advise = advise, .k = knowledge};

    hook_call_reset(&advise->call);
    advise->call.knowledge = knowledge;
    r.arena = &advise->call.arena;
    if (read_line(&r, line)) {
        for (size_t i = 0; i < r.drugs_count && r.error == NULL; i++)
            if (decide(&r, r.drugs[i]))
                write_answer(&r, r.drugs[i], out);
    }
    if (r.error != NULL)
        write_error(&r, out);
    return r.error == NULL;
}
