-- 0004_genes.sql -- genes of one copy, markers, priorities of phenotypes, and phenotypes as more
-- than one guideline derives them.

ALTER TABLE pgxgate.gene DROP CONSTRAINT gene_method_check;
ALTER TABLE pgxgate.gene ADD CONSTRAINT gene_method_check CHECK (method IN
  ('activity_score', 'function_pair', 'allele_presence', 'genotype', 'sex_linked', 'haploid'));
ALTER TABLE pgxgate.gene ADD COLUMN reference text;
ALTER TABLE pgxgate.gene ADD COLUMN priority_source text;
ALTER TABLE pgxgate.gene ADD FOREIGN KEY (release_id, priority_source)
  REFERENCES pgxgate.source (release_id, id);
COMMENT ON COLUMN pgxgate.gene.counts_lowest_two IS
  'Of all variants found only the two with the least function count (DPYD, RYR1).';
COMMENT ON COLUMN pgxgate.gene.reference IS 'The allele without any variant; null when not said.';
COMMENT ON COLUMN pgxgate.gene.priority_source IS
  'Source of the priorities of its phenotypes; null when it has none.';

-- Rows of older releases keep what their files said: nothing about priority.
ALTER TABLE pgxgate.phenotype ADD COLUMN priority text NOT NULL DEFAULT 'none'
  CHECK (priority IN ('none', 'normal', 'abnormal'));
COMMENT ON COLUMN pgxgate.phenotype.priority IS
  'Whether the result needs attention when it arrives, in CPIC''s judgement.';

ALTER TABLE pgxgate.allele_alias ADD COLUMN marks text;
ALTER TABLE pgxgate.allele_alias ADD FOREIGN KEY (release_id, gene, marks)
  REFERENCES pgxgate.allele (release_id, gene, name);
COMMENT ON COLUMN pgxgate.allele_alias.marks IS
  'The alias is a marker inherited with this allele, and counts only where that is not reported.';

CREATE TABLE pgxgate.authority (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  gene       text NOT NULL,
  name       text NOT NULL,
  key_kind   text NOT NULL CHECK (key_kind IN ('phenotype', 'activity_score')),
  source     text NOT NULL,
  UNIQUE (release_id, gene, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol),
  FOREIGN KEY (release_id, source) REFERENCES pgxgate.source (release_id, id)
);
COMMENT ON TABLE pgxgate.authority IS
  'A guideline''s author that derives phenotypes of a gene in another way than the gene''s own tables.';
COMMENT ON COLUMN pgxgate.authority.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.authority.name IS 'Who, as publisher of its sources, e.g. DPWG.';
COMMENT ON COLUMN pgxgate.authority.key_kind IS 'What its recommendations for the gene are keyed by.';
COMMENT ON COLUMN pgxgate.authority.source IS 'Source of its rules.';

SELECT pgxgate.make_release_table('authority');

ALTER TABLE pgxgate.pair_rule ADD COLUMN authority text;
ALTER TABLE pgxgate.pair_rule ADD FOREIGN KEY (release_id, gene, authority)
  REFERENCES pgxgate.authority (release_id, gene, name);
COMMENT ON COLUMN pgxgate.pair_rule.authority IS 'Whose rule; null for the gene''s own table.';
COMMENT ON COLUMN pgxgate.pair_rule.second IS
  'The other one; null for one copy, or when the first decides alone.';

ALTER TABLE pgxgate.score_rule ADD COLUMN authority text;
ALTER TABLE pgxgate.score_rule ADD FOREIGN KEY (release_id, gene, authority)
  REFERENCES pgxgate.authority (release_id, gene, name);
COMMENT ON COLUMN pgxgate.score_rule.authority IS 'Whose rule; null for the gene''s own table.';
