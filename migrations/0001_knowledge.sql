-- 0001_knowledge.sql -- releases of the clinical knowledge: one table per kind of row.
--
-- A release is what `pgxgate rules import` read from the knowledge files, row by row. It is named
-- by the SHA-256 of its content and never edited:
--
--     draft --> tested --> active <--> retired          (a whole draft may be deleted)
--
-- Triggers keep that promise whoever is connected: rows can only be added to a draft, never be
-- updated, and only disappear together with their draft. Names inside a release refer to each
-- other by foreign keys that include release_id, so that a row cannot lean on another release.
-- Scores and amounts are integers in hundredths.

-- Releases -----------------------------------------------------------------------------------

CREATE TABLE pgxgate.release (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL CHECK (name <> ''),
  version      text NOT NULL CHECK (version <> ''),
  developer    text NOT NULL CHECK (developer <> ''),
  content_hash text NOT NULL UNIQUE CHECK (content_hash ~ '^[0-9a-f]{64}$'),
  state        text NOT NULL DEFAULT 'draft'
               CHECK (state IN ('draft', 'tested', 'active', 'retired')),
  imported_at  timestamptz NOT NULL DEFAULT now(),
  tested_at    timestamptz,
  activated_at timestamptz,
  retired_at   timestamptz,
  CHECK (state = 'draft' OR tested_at IS NOT NULL),
  CHECK (state NOT IN ('active', 'retired') OR activated_at IS NOT NULL)
);
CREATE UNIQUE INDEX release_one_active_per_name ON pgxgate.release (name) WHERE state = 'active';

COMMENT ON TABLE pgxgate.release IS
  'One import of the knowledge files: immutable, named by its content, at most one active per name.';
COMMENT ON COLUMN pgxgate.release.id IS 'Local number; the content hash is the name that travels.';
COMMENT ON COLUMN pgxgate.release.name IS 'Which body of knowledge, e.g. pgxgate-core.';
COMMENT ON COLUMN pgxgate.release.version IS 'As its developers count, e.g. 2026.11.';
COMMENT ON COLUMN pgxgate.release.developer IS 'Who answers for the content; shown on every card.';
COMMENT ON COLUMN pgxgate.release.content_hash IS
  'SHA-256 of the canonical form of all rows, in hexadecimal; checked whenever a release is loaded.';
COMMENT ON COLUMN pgxgate.release.state IS
  'draft: imported; tested: its own cases hold; active: in use; retired: was active before.';
COMMENT ON COLUMN pgxgate.release.imported_at IS 'When the draft was made.';
COMMENT ON COLUMN pgxgate.release.tested_at IS 'When all cases that ship with it held.';
COMMENT ON COLUMN pgxgate.release.activated_at IS 'When it last became active.';
COMMENT ON COLUMN pgxgate.release.retired_at IS 'When it last stopped being active.';

-- SQLSTATE PX001: something immutable would change. PX002: a step the life cycle does not have.
CREATE FUNCTION pgxgate.guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN
      RAISE EXCEPTION 'only a draft release can be deleted' USING ERRCODE = 'PX001';
    END IF;
    RETURN OLD;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN
      RAISE EXCEPTION 'a release begins as a draft' USING ERRCODE = 'PX002';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.name, NEW.version, NEW.developer, NEW.content_hash, NEW.imported_at)
     IS DISTINCT FROM
     (OLD.id, OLD.name, OLD.version, OLD.developer, OLD.content_hash, OLD.imported_at) THEN
    RAISE EXCEPTION 'a release cannot be changed, only its state' USING ERRCODE = 'PX001';
  END IF;
  IF (OLD.state, NEW.state) NOT IN
     (('draft', 'tested'), ('tested', 'active'), ('active', 'retired'), ('retired', 'active')) THEN
    RAISE EXCEPTION 'a release cannot go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'PX002';
  END IF;
  NEW.tested_at := CASE NEW.state WHEN 'tested' THEN now() ELSE OLD.tested_at END;
  NEW.activated_at := CASE NEW.state WHEN 'active' THEN now() ELSE OLD.activated_at END;
  NEW.retired_at := CASE NEW.state WHEN 'retired' THEN now() ELSE OLD.retired_at END;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION pgxgate.guard_release() IS
  'Keeps releases immutable, allows only the steps of their life cycle, and dates them.';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON pgxgate.release
  FOR EACH ROW EXECUTE FUNCTION pgxgate.guard_release();

CREATE FUNCTION pgxgate.announce_release() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('pgxgate_release', NEW.content_hash);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION pgxgate.announce_release() IS
  'Tells every gateway that listens on pgxgate_release which content is active now.';
CREATE TRIGGER announce AFTER UPDATE OF state ON pgxgate.release
  FOR EACH ROW WHEN (NEW.state = 'active' AND OLD.state <> 'active')
  EXECUTE FUNCTION pgxgate.announce_release();

-- Sources ------------------------------------------------------------------------------------

CREATE TABLE pgxgate.source (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  id         text NOT NULL,
  publisher  text NOT NULL,
  title      text NOT NULL,
  version    text NOT NULL,
  year       text NOT NULL,
  url        text NOT NULL,
  pmids      text,
  UNIQUE (release_id, id)
);
COMMENT ON TABLE pgxgate.source IS 'A guideline or published table that facts are taken from.';
COMMENT ON COLUMN pgxgate.source.id IS 'What other rows name it by, e.g. cpic-clopidogrel-2022.';
COMMENT ON COLUMN pgxgate.source.publisher IS 'Who published it, e.g. CPIC.';
COMMENT ON COLUMN pgxgate.source.title IS 'Its title.';
COMMENT ON COLUMN pgxgate.source.version IS 'Version or date of the guideline or table.';
COMMENT ON COLUMN pgxgate.source.year IS 'Year of publication.';
COMMENT ON COLUMN pgxgate.source.url IS 'Where it can be read.';
COMMENT ON COLUMN pgxgate.source.pmids IS 'PubMed identifiers, separated by a space.';

-- Genes --------------------------------------------------------------------------------------

CREATE TABLE pgxgate.gene (
  release_id        integer NOT NULL,
  ordinal           integer NOT NULL,
  symbol            text NOT NULL,
  hgnc              text NOT NULL,
  method            text NOT NULL CHECK (method IN
                    ('activity_score', 'function_pair', 'allele_presence', 'genotype', 'sex_linked')),
  key_kind          text NOT NULL CHECK (key_kind IN ('phenotype', 'activity_score', 'allele_status')),
  counts_lowest_two boolean NOT NULL,
  source            text NOT NULL,
  UNIQUE (release_id, symbol),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.gene IS 'A gene, and how its genotype becomes a phenotype.';
COMMENT ON COLUMN pgxgate.gene.symbol IS 'HGNC symbol.';
COMMENT ON COLUMN pgxgate.gene.hgnc IS 'HGNC identifier, e.g. HGNC:2621.';
COMMENT ON COLUMN pgxgate.gene.method IS 'How two alleles become a phenotype.';
COMMENT ON COLUMN pgxgate.gene.key_kind IS 'What recommendations for this gene are looked up by.';
COMMENT ON COLUMN pgxgate.gene.counts_lowest_two IS
  'Of all variants found the two with the lowest values count (DPYD).';
COMMENT ON COLUMN pgxgate.gene.source IS 'Source of the allele and phenotype tables.';

CREATE TABLE pgxgate.phenotype (
  release_id   integer NOT NULL,
  ordinal      integer NOT NULL,
  gene         text NOT NULL,
  name         text NOT NULL,
  abbreviation text NOT NULL,
  UNIQUE (release_id, gene, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.phenotype IS 'A phenotype of a gene in the words of CPIC.';
COMMENT ON COLUMN pgxgate.phenotype.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.phenotype.name IS 'E.g. Poor Metabolizer.';
COMMENT ON COLUMN pgxgate.phenotype.abbreviation IS 'For lines that would be too long, e.g. PM.';

CREATE TABLE pgxgate.allele (
  release_id  integer NOT NULL,
  ordinal     integer NOT NULL,
  gene        text NOT NULL,
  name        text NOT NULL,
  function    text,
  value_x100  integer CHECK (value_x100 >= 0),
  is_at_least boolean NOT NULL,
  UNIQUE (release_id, gene, name),
  CHECK (value_x100 IS NOT NULL OR NOT is_at_least),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.allele IS 'An allele of a gene with its clinical function.';
COMMENT ON COLUMN pgxgate.allele.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.allele.name IS 'Name in its nomenclature, e.g. *2 or c.1905+1G>A (*2A).';
COMMENT ON COLUMN pgxgate.allele.function IS 'Function in the words of CPIC; null where it has none.';
COMMENT ON COLUMN pgxgate.allele.value_x100 IS 'Activity value in hundredths; null for n/a.';
COMMENT ON COLUMN pgxgate.allele.is_at_least IS 'The value is a lower bound (written with a ≥).';

CREATE TABLE pgxgate.allele_alias (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  gene       text NOT NULL,
  alias      text NOT NULL,
  allele     text NOT NULL,
  UNIQUE (release_id, gene, alias),
  FOREIGN KEY (release_id, gene, allele) REFERENCES pgxgate.allele (release_id, gene, name)
);
COMMENT ON TABLE pgxgate.allele_alias IS 'Another spelling of an allele: legacy names, SNP letters.';
COMMENT ON COLUMN pgxgate.allele_alias.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.allele_alias.alias IS 'The other spelling.';
COMMENT ON COLUMN pgxgate.allele_alias.allele IS 'The allele it means.';

CREATE TABLE pgxgate.pair_rule (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  gene       text NOT NULL,
  first      text NOT NULL,
  second     text,
  phenotype  text NOT NULL,
  FOREIGN KEY (release_id, gene, phenotype) REFERENCES pgxgate.phenotype (release_id, gene, name)
);
COMMENT ON TABLE pgxgate.pair_rule IS
  'Two allele functions (or two alleles, by the gene''s method), in any order, give a phenotype.';
COMMENT ON COLUMN pgxgate.pair_rule.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.pair_rule.first IS 'One function or allele.';
COMMENT ON COLUMN pgxgate.pair_rule.second IS 'The other one; null when there is one copy only.';
COMMENT ON COLUMN pgxgate.pair_rule.phenotype IS 'The phenotype.';

CREATE TABLE pgxgate.score_rule (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  gene       text NOT NULL,
  from_x100  integer NOT NULL CHECK (from_x100 >= 0),
  to_x100    integer CHECK (to_x100 >= from_x100),
  phenotype  text NOT NULL,
  FOREIGN KEY (release_id, gene, phenotype) REFERENCES pgxgate.phenotype (release_id, gene, name)
);
COMMENT ON TABLE pgxgate.score_rule IS 'A range of activity scores gives a phenotype.';
COMMENT ON COLUMN pgxgate.score_rule.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.score_rule.from_x100 IS 'Lower end in hundredths, inclusive.';
COMMENT ON COLUMN pgxgate.score_rule.to_x100 IS 'Upper end in hundredths, inclusive; null when open.';
COMMENT ON COLUMN pgxgate.score_rule.phenotype IS 'The phenotype.';

-- Drugs --------------------------------------------------------------------------------------

CREATE TABLE pgxgate.drug (
  release_id          integer NOT NULL,
  ordinal             integer NOT NULL,
  name                text NOT NULL,
  is_alternative_only boolean NOT NULL,
  rxcui               text,
  UNIQUE (release_id, name)
);
COMMENT ON TABLE pgxgate.drug IS 'An ingredient.';
COMMENT ON COLUMN pgxgate.drug.name IS 'Lower case, e.g. clopidogrel.';
COMMENT ON COLUMN pgxgate.drug.is_alternative_only IS
  'Only named as an alternative; has no recommendations of its own.';
COMMENT ON COLUMN pgxgate.drug.rxcui IS 'RxNorm ingredient, for suggested orders.';

CREATE TABLE pgxgate.drug_code (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  system     text NOT NULL,
  code       text NOT NULL,
  term_type  text,
  form       text NOT NULL CHECK (form IN ('systemic', 'local')),
  display    text NOT NULL,
  source     text NOT NULL,
  UNIQUE (release_id, drug, system, code),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name)
);
COMMENT ON TABLE pgxgate.drug_code IS 'A code that orders name the drug by.';
COMMENT ON COLUMN pgxgate.drug_code.drug IS
  'The ingredient; the code of a combination product has one row for each.';
COMMENT ON COLUMN pgxgate.drug_code.system IS 'Canonical URL of the code system.';
COMMENT ON COLUMN pgxgate.drug_code.code IS 'The code.';
COMMENT ON COLUMN pgxgate.drug_code.term_type IS 'RxNorm term type, e.g. IN or SCD.';
COMMENT ON COLUMN pgxgate.drug_code.form IS 'local: a form without systemic effect, never an alert.';
COMMENT ON COLUMN pgxgate.drug_code.display IS 'What the code system calls it.';
COMMENT ON COLUMN pgxgate.drug_code.source IS 'Where the code was found, in words.';

CREATE TABLE pgxgate.population (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  id         text NOT NULL,
  label      text NOT NULL,
  UNIQUE (release_id, drug, id),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name)
);
COMMENT ON TABLE pgxgate.population IS 'Patients for whom a guideline words its advice differently.';
COMMENT ON COLUMN pgxgate.population.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.population.id IS 'CPIC''s value, e.g. CVI ACS PCI.';
COMMENT ON COLUMN pgxgate.population.label IS 'For people, after "for".';

CREATE TABLE pgxgate.indication (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  population text NOT NULL,
  system     text NOT NULL,
  code       text NOT NULL,
  UNIQUE (release_id, drug, population, system, code),
  FOREIGN KEY (release_id, drug, population) REFERENCES pgxgate.population (release_id, drug, id)
);
COMMENT ON TABLE pgxgate.indication IS 'A reason for the order that tells the population.';
COMMENT ON COLUMN pgxgate.indication.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.indication.population IS 'The population of that drug.';
COMMENT ON COLUMN pgxgate.indication.system IS 'Canonical URL of the code system.';
COMMENT ON COLUMN pgxgate.indication.code IS 'The code; one that ends in * is a prefix.';

-- Recommendations ----------------------------------------------------------------------------

CREATE TABLE pgxgate.recommendation (
  release_id      integer NOT NULL,
  ordinal         integer NOT NULL,
  id              text NOT NULL,
  drug            text NOT NULL,
  source          text NOT NULL,
  population      text,
  classification  text NOT NULL CHECK (classification IN
                  ('Strong', 'Moderate', 'Optional', 'No recommendation', 'N/A')),
  has_alternative boolean NOT NULL,
  has_dose        boolean NOT NULL,
  has_other       boolean NOT NULL,
  alert           text NOT NULL CHECK (alert IN ('none', 'info', 'warning', 'critical')),
  message         text NOT NULL,
  age_from_years  integer NOT NULL CHECK (age_from_years >= 0),
  age_below_years integer CHECK (age_below_years > age_from_years),
  UNIQUE (release_id, id),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id),
  FOREIGN KEY (release_id, drug, population) REFERENCES pgxgate.population (release_id, drug, id)
);
COMMENT ON TABLE pgxgate.recommendation IS 'What to do when a drug meets certain gene results.';
COMMENT ON COLUMN pgxgate.recommendation.id IS 'Stable across releases.';
COMMENT ON COLUMN pgxgate.recommendation.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.recommendation.source IS 'The guideline.';
COMMENT ON COLUMN pgxgate.recommendation.population IS 'For whom; null for all patients.';
COMMENT ON COLUMN pgxgate.recommendation.classification IS 'Strength in the words of CPIC.';
COMMENT ON COLUMN pgxgate.recommendation.has_alternative IS 'CPIC: another drug is available.';
COMMENT ON COLUMN pgxgate.recommendation.has_dose IS 'CPIC: there is dosing information.';
COMMENT ON COLUMN pgxgate.recommendation.has_other IS 'CPIC: there is other guidance.';
COMMENT ON COLUMN pgxgate.recommendation.alert IS
  'How loud: none is silence by decision; critical only for a strong "do not use".';
COMMENT ON COLUMN pgxgate.recommendation.message IS 'The wording, by message id.';
COMMENT ON COLUMN pgxgate.recommendation.age_from_years IS 'Youngest age it is for, inclusive.';
COMMENT ON COLUMN pgxgate.recommendation.age_below_years IS 'First age it is no longer for; null: none.';

CREATE TABLE pgxgate.condition (
  release_id     integer NOT NULL,
  ordinal        integer NOT NULL,
  recommendation text NOT NULL,
  gene           text NOT NULL,
  key            text NOT NULL,
  UNIQUE (release_id, recommendation, gene, key),
  FOREIGN KEY (release_id, recommendation) REFERENCES pgxgate.recommendation (release_id, id),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.condition IS
  'A gene result that a recommendation is for. Rows of one gene are alternatives; every gene must fit.';
COMMENT ON COLUMN pgxgate.condition.recommendation IS 'The recommendation.';
COMMENT ON COLUMN pgxgate.condition.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.condition.key IS
  'A phenotype, a score (0.0, 0.25..1.0, >=2.5, n/a), an allele status, or No Result.';

CREATE TABLE pgxgate.action (
  release_id     integer NOT NULL,
  ordinal        integer NOT NULL,
  recommendation text NOT NULL,
  kind           text NOT NULL CHECK (kind IN
                 ('avoid', 'use_alternative', 'reduce_dose', 'limit_dose', 'increase_dose',
                  'monitor', 'test_first', 'inform_patient', 'no_change')),
  drug           text,
  percent_from   integer NOT NULL CHECK (percent_from >= 0),
  percent_to     integer NOT NULL CHECK (percent_to >= percent_from),
  amount_x100    integer NOT NULL CHECK (amount_x100 >= 0),
  unit           text,
  FOREIGN KEY (release_id, recommendation) REFERENCES pgxgate.recommendation (release_id, id),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name)
);
CREATE INDEX action_recommendation ON pgxgate.action (release_id, recommendation);
COMMENT ON TABLE pgxgate.action IS 'What a recommendation asks for, in a form that can change an order.';
COMMENT ON COLUMN pgxgate.action.recommendation IS 'The recommendation.';
COMMENT ON COLUMN pgxgate.action.kind IS 'What to do.';
COMMENT ON COLUMN pgxgate.action.drug IS 'use_alternative: the other drug, when one is named.';
COMMENT ON COLUMN pgxgate.action.percent_from IS 'By at least so many percent of the usual dose; 0: not given.';
COMMENT ON COLUMN pgxgate.action.percent_to IS 'By at most so many percent of the usual dose; 0: not given.';
COMMENT ON COLUMN pgxgate.action.amount_x100 IS 'limit_dose: the amount in hundredths; 0: not given.';
COMMENT ON COLUMN pgxgate.action.unit IS 'limit_dose: UCUM unit per interval, e.g. mg/d.';

CREATE TABLE pgxgate.implication (
  release_id     integer NOT NULL,
  ordinal        integer NOT NULL,
  recommendation text NOT NULL,
  gene           text NOT NULL,
  message        text NOT NULL,
  UNIQUE (release_id, recommendation, gene),
  FOREIGN KEY (release_id, recommendation) REFERENCES pgxgate.recommendation (release_id, id),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.implication IS 'What a gene result means for the drug.';
COMMENT ON COLUMN pgxgate.implication.recommendation IS 'The recommendation.';
COMMENT ON COLUMN pgxgate.implication.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.implication.message IS 'The wording, by message id.';

CREATE TABLE pgxgate.message (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  id         text NOT NULL,
  locale     text NOT NULL,
  verdict    text,
  meaning    text,
  options    text,
  UNIQUE (release_id, id, locale),
  CHECK (verdict IS NOT NULL OR meaning IS NOT NULL)
);
COMMENT ON TABLE pgxgate.message IS 'Wording in one language.';
COMMENT ON COLUMN pgxgate.message.id IS 'What recommendations and implications name it by.';
COMMENT ON COLUMN pgxgate.message.locale IS 'BCP 47 language tag.';
COMMENT ON COLUMN pgxgate.message.verdict IS 'Ends the summary line of a card; null for implications.';
COMMENT ON COLUMN pgxgate.message.meaning IS 'A paragraph of the detail.';
COMMENT ON COLUMN pgxgate.message.options IS 'Items of a list in the detail, one a line.';

-- Test cases ---------------------------------------------------------------------------------

CREATE TABLE pgxgate.test (
  release_id      integer NOT NULL,
  ordinal         integer NOT NULL,
  name            text NOT NULL,
  drug            text NOT NULL,
  population      text,
  alert           text NOT NULL CHECK (alert IN ('none', 'info', 'warning', 'critical')),
  recommendations text,
  UNIQUE (release_id, name),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, drug, population) REFERENCES pgxgate.population (release_id, drug, id)
);
COMMENT ON TABLE pgxgate.test IS 'A case that must hold before the release is activated.';
COMMENT ON COLUMN pgxgate.test.name IS 'What the case is about.';
COMMENT ON COLUMN pgxgate.test.drug IS 'The drug ordered.';
COMMENT ON COLUMN pgxgate.test.population IS 'The population, when the order tells it.';
COMMENT ON COLUMN pgxgate.test.alert IS 'The loudest alert expected.';
COMMENT ON COLUMN pgxgate.test.recommendations IS
  'All recommendations expected to match, sorted by id, separated by a space.';

CREATE TABLE pgxgate.test_gene (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  test       text NOT NULL,
  gene       text NOT NULL,
  result     text NOT NULL,
  UNIQUE (release_id, test, gene),
  FOREIGN KEY (release_id, test) REFERENCES pgxgate.test (release_id, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.test_gene IS 'A gene result of the made-up patient of a test case.';
COMMENT ON COLUMN pgxgate.test_gene.test IS 'The case.';
COMMENT ON COLUMN pgxgate.test_gene.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.test_gene.result IS 'A diplotype, a phenotype, a score or an allele status.';

-- What all of these tables have in common ----------------------------------------------------

CREATE FUNCTION pgxgate.guard_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A release that is gone has been deleted as a whole draft: its rows go with it.
  IF EXISTS (SELECT FROM (SELECT DISTINCT c.release_id FROM changed c) AS c
             JOIN pgxgate.release r ON r.id = c.release_id
             WHERE TG_OP = 'DELETE' OR r.state <> 'draft') THEN
    RAISE EXCEPTION 'rows of a release cannot be changed' USING ERRCODE = 'PX001';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION pgxgate.guard_rows() IS
  'Rows are added to drafts only, and deleted only together with their draft.';

CREATE FUNCTION pgxgate.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'PX001';
END $$;
COMMENT ON FUNCTION pgxgate.refuse() IS 'For statements that a table does not allow at all.';

CREATE TRIGGER refuse BEFORE TRUNCATE ON pgxgate.release
  FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.refuse();

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['source', 'gene', 'phenotype', 'allele', 'allele_alias', 'pair_rule',
    'score_rule', 'drug', 'drug_code', 'population', 'indication', 'recommendation', 'condition',
    'action', 'implication', 'message', 'test', 'test_gene']
  LOOP
    EXECUTE format('ALTER TABLE pgxgate.%I ADD PRIMARY KEY (release_id, ordinal),
      ADD FOREIGN KEY (release_id) REFERENCES pgxgate.release (id) ON DELETE CASCADE', t);
    EXECUTE format('CREATE TRIGGER guard_insert AFTER INSERT ON pgxgate.%I
      REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.guard_rows()', t);
    EXECUTE format('CREATE TRIGGER guard_delete AFTER DELETE ON pgxgate.%I
      REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.guard_rows()', t);
    EXECUTE format('CREATE TRIGGER refuse BEFORE UPDATE OR TRUNCATE ON pgxgate.%I
      FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.refuse()', t);
    EXECUTE format('COMMENT ON COLUMN pgxgate.%I.release_id IS %L', t, 'The release.');
    EXECUTE format('COMMENT ON COLUMN pgxgate.%I.ordinal IS %L', t,
      'Place among the rows of the release; for actions, which comes first.');
  END LOOP;
END $$;

-- For people ---------------------------------------------------------------------------------

CREATE VIEW pgxgate.active_recommendation AS
SELECT rel.name AS release,
       rel.version AS release_version,
       r.drug,
       r.id AS recommendation,
       (SELECT string_agg(g.gene || ': ' || g.keys, '; ' ORDER BY g.gene)
          FROM (SELECT c.gene, string_agg(c.key, ' | ' ORDER BY c.ordinal) AS keys
                  FROM pgxgate.condition c
                 WHERE c.release_id = r.release_id AND c.recommendation = r.id
                 GROUP BY c.gene) AS g) AS gene_keys,
       p.label AS population,
       CASE WHEN r.age_below_years IS NOT NULL
              THEN format('%s to below %s years', r.age_from_years, r.age_below_years)
            WHEN r.age_from_years > 0 THEN format('from %s years', r.age_from_years) END AS age,
       r.classification,
       r.alert,
       (SELECT string_agg(concat_ws(' ', a.kind, a.drug,
                 CASE WHEN a.percent_to = 0 THEN NULL
                      WHEN a.percent_from = a.percent_to THEN a.percent_to || ' %'
                      ELSE a.percent_from || '-' || a.percent_to || ' %' END,
                 CASE WHEN a.amount_x100 > 0
                      THEN trim_scale(a.amount_x100 / 100.0) || ' ' || a.unit END),
               '; ' ORDER BY a.ordinal)
          FROM pgxgate.action a
         WHERE a.release_id = r.release_id AND a.recommendation = r.id) AS actions,
       m.locale,
       m.verdict,
       m.meaning,
       m.options,
       s.publisher AS source_publisher,
       s.version AS source_version,
       s.url AS source_url
  FROM pgxgate.release rel
  JOIN pgxgate.recommendation r ON r.release_id = rel.id
  JOIN pgxgate.source s ON s.release_id = rel.id AND s.id = r.source
  LEFT JOIN pgxgate.population p
    ON p.release_id = rel.id AND p.drug = r.drug AND p.id = r.population
  LEFT JOIN pgxgate.message m ON m.release_id = rel.id AND m.id = r.message
 WHERE rel.state = 'active';

COMMENT ON VIEW pgxgate.active_recommendation IS
  'What the active releases say, one row per recommendation and language.';
COMMENT ON COLUMN pgxgate.active_recommendation.release IS 'Name of the release.';
COMMENT ON COLUMN pgxgate.active_recommendation.release_version IS 'Version of the release.';
COMMENT ON COLUMN pgxgate.active_recommendation.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.active_recommendation.recommendation IS 'Its id.';
COMMENT ON COLUMN pgxgate.active_recommendation.gene_keys IS
  'The gene results it is for: alternatives divided by |, genes by ;.';
COMMENT ON COLUMN pgxgate.active_recommendation.population IS 'For whom; null for all patients.';
COMMENT ON COLUMN pgxgate.active_recommendation.age IS 'For which ages; null for all.';
COMMENT ON COLUMN pgxgate.active_recommendation.classification IS 'Strength in the words of CPIC.';
COMMENT ON COLUMN pgxgate.active_recommendation.alert IS 'How loud.';
COMMENT ON COLUMN pgxgate.active_recommendation.actions IS 'What it asks for.';
COMMENT ON COLUMN pgxgate.active_recommendation.locale IS 'Language of the wording.';
COMMENT ON COLUMN pgxgate.active_recommendation.verdict IS 'End of the summary line.';
COMMENT ON COLUMN pgxgate.active_recommendation.meaning IS 'The explanation.';
COMMENT ON COLUMN pgxgate.active_recommendation.options IS 'The options, one a line.';
COMMENT ON COLUMN pgxgate.active_recommendation.source_publisher IS 'Who published the guideline.';
COMMENT ON COLUMN pgxgate.active_recommendation.source_version IS 'Version of the guideline.';
COMMENT ON COLUMN pgxgate.active_recommendation.source_url IS 'Where the guideline can be read.';
