-- 0003_evaluation.sql -- what evaluating an order for a patient needs beyond genes and drugs:
-- who belongs to a population, regulators' labels, a site's own policies, intervals of doses, evidence
-- levels, drugs that change an enzyme's work, and tests that are worth ordering first.
--
-- Releases imported before keep their rows; the content hash covers the new columns, so they are to be imported
-- again.

ALTER TABLE pgxgate.population
  ADD COLUMN therapy           text NOT NULL DEFAULT 'any' CHECK (therapy IN ('any', 'naive', 'established')),
  ADD COLUMN age_from_years    integer NOT NULL DEFAULT 0 CHECK (age_from_years >= 0),
  ADD COLUMN age_below_years   integer CHECK (age_below_years > age_from_years),
  ADD COLUMN weight_above_x100 integer CHECK (weight_above_x100 > 0);
COMMENT ON COLUMN pgxgate.population.therapy IS
  'naive: never took the drug; established: took it for more than three months; any: not asked.';
COMMENT ON COLUMN pgxgate.population.age_from_years IS 'Youngest age, inclusive; 0 without an upper end: not asked.';
COMMENT ON COLUMN pgxgate.population.age_below_years IS 'First age that is too old; null: none.';
COMMENT ON COLUMN pgxgate.population.weight_above_x100 IS
  'Hundredths of a kilogram, exclusive; null: not asked. Any criterion that is met puts a patient in.';

ALTER TABLE pgxgate.recommendation
  ADD COLUMN sex       text NOT NULL DEFAULT 'any' CHECK (sex IN ('any', 'female', 'male')),
  ADD COLUMN label     text NOT NULL DEFAULT 'none'
                       CHECK (label IN ('none', 'warning', 'boxed_warning', 'contraindication')),
  ADD COLUMN overrides text;
COMMENT ON COLUMN pgxgate.recommendation.sex IS 'For which sex it is.';
COMMENT ON COLUMN pgxgate.recommendation.label IS
  'A regulator''s label: its statement raises the weight of a card; none: a guideline''s advice.';
COMMENT ON COLUMN pgxgate.recommendation.overrides IS
  'A site''s policy: the recommendations that it stands over, by id, separated by a space.';

ALTER TABLE pgxgate.action DROP CONSTRAINT action_kind_check;
ALTER TABLE pgxgate.action
  ADD CONSTRAINT action_kind_check CHECK (kind IN
    ('avoid', 'use_alternative', 'reduce_dose', 'limit_dose', 'increase_dose', 'titrate_slower',
     'change_interval', 'monitor', 'test_first', 'inform_patient', 'no_change')),
  ADD COLUMN interval_from_hours integer NOT NULL DEFAULT 0 CHECK (interval_from_hours >= 0),
  ADD COLUMN interval_to_hours   integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT action_interval_check CHECK (interval_to_hours >= interval_from_hours);
COMMENT ON COLUMN pgxgate.action.interval_from_hours IS
  'change_interval: least hours from dose to dose; 0: not given.';
COMMENT ON COLUMN pgxgate.action.interval_to_hours IS
  'change_interval: most hours from dose to dose; 0: not given.';

CREATE TABLE pgxgate.gene_drug (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  gene       text NOT NULL,
  level      text NOT NULL,
  status     text NOT NULL,
  source     text NOT NULL,
  UNIQUE (release_id, drug, gene),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.gene_drug IS 'How strongly a gene and a drug are linked.';
COMMENT ON COLUMN pgxgate.gene_drug.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.gene_drug.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.gene_drug.level IS 'CPIC''s level, A to D.';
COMMENT ON COLUMN pgxgate.gene_drug.status IS 'How final the level is, e.g. Final.';
COMMENT ON COLUMN pgxgate.gene_drug.source IS 'The list of pairs.';

CREATE TABLE pgxgate.modulator (
  release_id   integer NOT NULL,
  ordinal      integer NOT NULL,
  gene         text NOT NULL,
  drug         text NOT NULL,
  role         text NOT NULL CHECK (role IN ('inhibitor', 'inducer')),
  strength     text NOT NULL CHECK (strength IN ('weak', 'moderate', 'strong')),
  factor_x100  integer CHECK (factor_x100 BETWEEN 0 AND 100),
  washout_days integer NOT NULL CHECK (washout_days >= 0),
  source       text NOT NULL,
  UNIQUE (release_id, gene, drug),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.modulator IS 'A drug that changes how much a gene''s enzyme does.';
COMMENT ON COLUMN pgxgate.modulator.gene IS 'The gene of the enzyme.';
COMMENT ON COLUMN pgxgate.modulator.drug IS 'The drug that acts on it.';
COMMENT ON COLUMN pgxgate.modulator.role IS 'Whether the enzyme does less or more.';
COMMENT ON COLUMN pgxgate.modulator.strength IS 'By the list that source names.';
COMMENT ON COLUMN pgxgate.modulator.factor_x100 IS
  'What the activity score is multiplied by, in hundredths; null: told as information only.';
COMMENT ON COLUMN pgxgate.modulator.washout_days IS 'For how many days it acts after it was stopped.';
COMMENT ON COLUMN pgxgate.modulator.source IS 'The list, with version and date.';

CREATE TABLE pgxgate.gene_test (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  gene       text NOT NULL,
  system     text NOT NULL,
  code       text NOT NULL,
  display    text NOT NULL,
  source     text NOT NULL,
  UNIQUE (release_id, gene, system, code),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.gene_test IS 'How a test of a gene is ordered.';
COMMENT ON COLUMN pgxgate.gene_test.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.gene_test.system IS 'Canonical URL of the code system.';
COMMENT ON COLUMN pgxgate.gene_test.code IS 'The code that an order of the test carries.';
COMMENT ON COLUMN pgxgate.gene_test.display IS 'What the code system calls it.';
COMMENT ON COLUMN pgxgate.gene_test.source IS 'Where the code was found, in words.';

CREATE TABLE pgxgate.pretest (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  gene       text NOT NULL,
  message    text NOT NULL,
  source     text NOT NULL,
  UNIQUE (release_id, drug, gene),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.pretest IS
  'A gene worth testing before the first order of a drug; a site switches these cards on.';
COMMENT ON COLUMN pgxgate.pretest.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.pretest.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.pretest.message IS 'The wording, by message id.';
COMMENT ON COLUMN pgxgate.pretest.source IS 'What says that testing first is worth it.';

-- What all tables of a release have in common, as in 0001_knowledge.sql; for this file and those after it. The
-- table has the columns release_id and ordinal, and no primary key yet.
CREATE FUNCTION pgxgate.make_release_table(t text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
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
  EXECUTE format('COMMENT ON COLUMN pgxgate.%I.ordinal IS %L', t, 'Place among the rows of the release.');
END $$;
COMMENT ON FUNCTION pgxgate.make_release_table(text) IS
  'Gives a new table of a release its key, its guards and the comments of its first two columns.';

SELECT pgxgate.make_release_table(t)
  FROM unnest(ARRAY['gene_drug', 'modulator', 'gene_test', 'pretest']) AS t;
