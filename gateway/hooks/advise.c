/* gateway/hooks/advise.c -- a hook call made up from a line, and its advice as JSON. */
#include "gateway/hooks/advise.h"

#include "fhir/json_write.h"
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
    struct hook_given given;
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
                                          .conversion = RULES_CONVERSION_INFORM,
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

/* NULL when there is none of that name. */
static const struct rules_drug *find_drug_by_name(const struct request *r, struct slice written)
{
    char name[64];

    written = slice_trim(written);
    if (written.len >= sizeof name)
        return NULL;
    for (size_t i = 0; i < written.len; i++)
        name[i] = (char)(written.ptr[i] >= 'A' && written.ptr[i] <= 'Z' ? written.ptr[i] + 32
                                                                        : written.ptr[i]);
    return rules_find_drug(r->k, (struct slice){name, written.len});
}

/* Lines may name a system in short, as the tables of drug codes do. */
static struct slice system_of(struct slice name)
{
    static const struct {
        struct slice name, system;
    } SHORT[] = {
        {{"rxnorm", 6}, {"http://www.nlm.nih.gov/research/umls/rxnorm", 43}},
        {{"ndc", 3}, {"http://hl7.org/fhir/sid/ndc", 27}},
        {{"atc", 3}, {"http://www.whocc.no/atc", 23}},
    };

    name = slice_trim(name);
    for (size_t i = 0; i < ARRAY_LEN(SHORT); i++)
        if (slice_eq_nocase(name, SHORT[i].name))
            return SHORT[i].system;
    return name;
}

static bool read_drug(struct request *r)
{
    struct json value = json_get(r->root, "drug");
    struct slice code = json_text(value, r->arena), system;

    if (!json_is(value, JSON_STRING))
        return refuse(r, "drug: a name or \"system|code\" is required");
    if (slice_find_char(code, '|') != SIZE_MAX) {
        const struct rules_drug_code **codes;
        size_t count;

        system = slice_cut(code, '|', &code);
        count = hook_codes_find(r->k, system_of(system), code, &codes);
        for (size_t i = 0; i < count; i++)
            if (!add_drug(r, rules_find_drug(r->k, codes[i]->drug)))
                return false;
        return count > 0 || refuse(r, "drug: the code is not known");
    }
    if (find_drug_by_name(r, code) != NULL)
        return add_drug(r, find_drug_by_name(r, code));
    return refuse(r, "drug: the name is not known");
}

/* Members of the context that are numbers, in hundredths; false: absent. */
static bool has_number(struct request *r, struct json context, const char *name,
                       uint32_t max_x100, uint32_t *ret_x100)
{
    struct json value = json_get(context, name);

    if (json_is_absent(value))
        return false;
    if (!json_to_x100(value, ret_x100) || *ret_x100 > max_x100) {
        (void)refuse(
            r, arena_printf(r->arena, "context.%s: a number from 0 to %u", name, max_x100 / 100)
                   .ptr);
        return false;
    }
    return true;
}

static enum rules_answer answer_of(struct request *r, struct json context, const char *name)
{
    struct json value = json_get(context, name);

    if (json_is_absent(value))
        return RULES_ANSWER_UNKNOWN;
    if (!json_is(value, JSON_TRUE) && !json_is(value, JSON_FALSE))
        (void)refuse(r, arena_printf(r->arena, "context.%s: true or false", name).ptr);
    return json_is_true(value) ? RULES_ANSWER_YES : RULES_ANSWER_NO;
}

static bool read_patient(struct request *r, struct json context)
{
    struct hook_patient *p = &r->advise->call.patient;
    struct json sex = json_get(context, "sex");
    uint32_t age_x100 = 0;

    p->has_age = has_number(r, context, "age_years", AGE_YEARS_MAX * 100, &age_x100);
    p->age_years = age_x100 / 100;
    p->has_weight = has_number(r, context, "weight_kg", 100000, &p->weight_x100);
    p->has_height = has_number(r, context, "height_cm", 30000, &p->height_x100);
    if (!json_is_absent(sex) && !rules_sex_from_name(json_text(sex, r->arena), &p->sex))
        return refuse(r, "context.sex: any, female or male");
    return r->error == NULL;
}

static bool read_warfarin(struct request *r, struct json context)
{
    static const char *const ANCESTRIES[] = {"unknown", "european", "asian", "african",
                                             "other"};
    struct rules_warfarin_input *in = &r->given.warfarin;
    struct json ancestry = json_get(context, "ancestry");
    size_t i = 0;

    in->has_target_inr = has_number(r, context, "target_inr", 1000, &in->target_inr_x100);
    in->smoker = answer_of(r, context, "smoker");
    in->rare_alleles_tested = answer_of(r, context, "rare_alleles_tested");
    in->rs12777823_a = answer_of(r, context, "rs12777823_a");
    if (json_is_absent(ancestry))
        return r->error == NULL;
    while (i < ARRAY_LEN(ANCESTRIES) && !json_text_is(ancestry, ANCESTRIES[i]))
        i++;
    if (i == ARRAY_LEN(ANCESTRIES))
        return refuse(r, "context.ancestry: unknown, european, asian, african or other");
    in->ancestry = (enum rules_ancestry)i;
    return r->error == NULL;
}

/* Drugs that the knowledge does not have act on nothing that it knows. */
static bool read_comedication(struct request *r, struct json list)
{
    struct hook_patient *p = &r->advise->call.patient;

    if (json_is_absent(list))
        return true;
    if (!json_is(list, JSON_ARRAY))
        return refuse(r, "context.comedication: an array of drug names");
    p->list_state = HOOK_LIST_FULL;
    p->comedications = arena_array(r->arena, json_count(list), sizeof *p->comedications);
    if (p->comedications == NULL)
        return refuse(r, "no memory for this line");
    for (struct json e = json_first(list); !json_is_absent(e); e = json_next(e)) {
        const struct rules_drug *drug;

        if (!json_is(e, JSON_STRING))
            return refuse(r, "context.comedication: an array of drug names");
        drug = find_drug_by_name(r, json_text(e, r->arena));
        if (drug != NULL)
            p->comedications[p->comedications_count++] =
                (struct rules_comedication){.drug = drug};
    }
    return true;
}

static bool read_context(struct request *r)
{
    static const char *const MEMBERS[] = {
        "age_years", "weight_kg",           "height_cm",    "sex",      "population",
        "therapy",   "dose_mg_per_day",     "comedication", "ancestry", "target_inr",
        "smoker",    "rare_alleles_tested", "rs12777823_a"};
    struct json context = json_get(r->root, "context");
    struct json therapy = json_get(context, "therapy");
    struct json population = json_get(context, "population");

    if (json_is_absent(context) || json_is(context, JSON_NULL))
        return true;
    if (!json_is(context, JSON_OBJECT) ||
        !only_known_members(r, context, MEMBERS, ARRAY_LEN(MEMBERS)))
        return refuse(r, "context: an object with the members that --help lists");
    if (!json_is_absent(therapy) &&
        !rules_therapy_from_name(json_text(therapy, r->arena), &r->given.therapy))
        return refuse(r, "context.therapy: any, naive or established");
    if (!json_is_absent(population) && !json_is(population, JSON_STRING))
        return refuse(r, "context.population: a text");
    r->given.has_dose =
        has_number(r, context, "dose_mg_per_day", 100000000, &r->given.dose_mg_x100);
    r->population = json_text(population, r->arena);
    return r->error == NULL && read_patient(r, context) && read_warfarin(r, context) &&
           read_comedication(r, json_get(context, "comedication"));
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

static bool add_part(struct request *r, const struct rules_gene *gene, struct slice text)
{
    struct hook_facts *facts = &r->advise->call.facts;
    size_t at = facts->reading.evidence_count;
    bool is_result = false;

    if (at == RESULTS_MAX)
        return refuse(r, "genes: too many results");
    if (!read_result(r, gene, text, &facts->evidence[at], &is_result))
        return false;
    facts->reading.evidence[at] =
        (struct fhir_evidence){.resource = &GIVEN, .gene = gene->symbol};
    facts->reading.evidence_count += is_result;
    return true;
}

static bool add_result(struct request *r, const struct rules_gene *gene, struct json value)
{
    struct slice text = slice_trim(json_text(value, r->arena));
    struct slice parts[RESULT_TEXT_PARTS_MAX];
    size_t count;

    if (text.len == 0)
        return refuse(r, "genes: each result is a text, or an array of texts");
    if (slice_eq_nocase(text, SLICE(RULES_NO_RESULT)))
        return true;
    count = result_text_parts(r->k, gene, text, parts);
    for (size_t i = 0; i < count; i++)
        if (!add_part(r, gene, parts[i]))
            return false;
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
    struct hook_call *call = &r->advise->call;
    struct hook_facts *facts = &call->facts;
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
    call->has_resolved_genes = true;
    return true;
}

/* The population of that name; CPIC itself writes "CBZ use >3mos" and "OXC use >3 mos", so
 * blanks and case do not count. */
static const struct rules_population *find_population(const struct request *r,
                                                      const struct rules_drug *drug)
{
    const struct rules_population *rows;
    size_t count = rules_populations_of(r->k, drug, &rows);

    for (size_t i = 0; i < count; i++) {
        const struct slice a = rows[i].id, b = r->population;
        size_t x = 0, y = 0;

        for (;;) {
            while (x < a.len && a.ptr[x] == ' ')
                x++;
            while (y < b.len && b.ptr[y] == ' ')
                y++;
            if (x == a.len || y == b.len ||
                !slice_eq_nocase((struct slice){a.ptr + x, 1}, (struct slice){b.ptr + y, 1}))
                break;
            x++;
            y++;
        }
        if (x == a.len && y == b.len)
            return &rows[i];
    }
    return NULL;
}

/* The call as if it had been read from a record, and decided as any other. */
static bool decide(struct request *r, const struct rules_drug *drug)
{
    struct hook_call *call = &r->advise->call;
    struct hook_drug_order *order = arena_new(r->arena, struct hook_drug_order);
    struct fhir_order *as_read = arena_new(r->arena, struct fhir_order);

    if (order == NULL || as_read == NULL)
        return refuse(r, "no memory for this line");
    if (!resolve(r, drug))
        return false;
    *as_read = (struct fhir_order){.resource = &GIVEN, .name = GIVEN.name};
    *order = (struct hook_drug_order){
        .order = as_read,
        .drug = drug,
        .population = find_population(r, drug),
    };
    if (r->population.len > 0 && order->population == NULL &&
        !slice_eq_nocase(r->population, SLICE("general")))
        return refuse(r, "context.population: not one of the drug's");
    call->facts.drug_orders = order;
    call->facts.drug_orders_count = 1;
    call->given = &r->given;
    call->estimates_count = 0;
    hook_call_decide(call);
    return call->failure.code == HOOK_NONE || refuse(r, call->failure.text);
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
                advise_write(advise, r.id, out);
    }
    if (r.error != NULL)
        write_error(&r, out);
    return r.error == NULL;
}
