-- 0005_algorithms.sql -- dose algorithms: their published numbers, and the drugs they are for.
--
-- What is computed is code of the gateway; what it computes with is part of a release, like any
-- other fact: with a source, immutable, and in the release's content hash. Releases without
-- algorithms keep the hash they have.

CREATE TABLE pgxgate.algorithm_term (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  algorithm  text NOT NULL,
  model      text NOT NULL,
  term       text NOT NULL,
  value      text NOT NULL CHECK (value ~ '^-?[0-9]{1,4}(\.[0-9]{1,5})?$'),
  source     text NOT NULL,
  UNIQUE (release_id, algorithm, model, term),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.algorithm_term IS 'A number of a dose algorithm, as it was published.';
COMMENT ON COLUMN pgxgate.algorithm_term.algorithm IS 'The algorithm, as the gateway calls it.';
COMMENT ON COLUMN pgxgate.algorithm_term.model IS
  'The part of it that one publication gives, e.g. gage.';
COMMENT ON COLUMN pgxgate.algorithm_term.term IS 'What the number belongs to, e.g. age_years.';
COMMENT ON COLUMN pgxgate.algorithm_term.value IS
  'The number, in decimal notation with at most five places.';
COMMENT ON COLUMN pgxgate.algorithm_term.source IS 'The publication.';

CREATE TABLE pgxgate.algorithm_gene (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  algorithm  text NOT NULL,
  gene       text NOT NULL,
  UNIQUE (release_id, algorithm, gene),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.algorithm_gene IS 'A gene that an algorithm reads.';
COMMENT ON COLUMN pgxgate.algorithm_gene.algorithm IS 'The algorithm.';
COMMENT ON COLUMN pgxgate.algorithm_gene.gene IS 'The gene.';

CREATE TABLE pgxgate.drug_algorithm (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  algorithm  text NOT NULL,
  UNIQUE (release_id, drug),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name)
);
COMMENT ON TABLE pgxgate.drug_algorithm IS 'A drug whose dose an algorithm estimates.';
COMMENT ON COLUMN pgxgate.drug_algorithm.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.drug_algorithm.algorithm IS 'The algorithm.';

SELECT pgxgate.make_release_table(t)
  FROM unnest(ARRAY['algorithm_term', 'algorithm_gene', 'drug_algorithm']) AS t;
