-- 0002_audit.sql -- what the gateway was asked, what it answered and why, without the patient.
--
-- One row per hook call, failed or not. A row says which knowledge decided, by which
-- recommendations, what was missing and how long it took. It holds no patient identifier, no
-- genotype and no date of the record: what a call was about is found in the EHR by its
-- hook_instance. Rows are only ever added; retention is a matter for the database's owner.
--
-- (writer, sequence) makes a repeated insert harmless after a lost connection, and makes lost
-- rows visible: a gap in the sequence of a writer is a row that never arrived.

CREATE TABLE pgxgate.audit (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant        text NOT NULL DEFAULT '',
  writer        uuid NOT NULL,
  sequence      bigint NOT NULL CHECK (sequence > 0),
  at            timestamptz NOT NULL,
  request_id    text NOT NULL,
  worker        integer NOT NULL,
  service       text NOT NULL,
  hook          text NOT NULL,
  hook_instance text,
  client        text,
  outcome       text NOT NULL CHECK (outcome <> ''),
  http_status   integer NOT NULL,
  release_hash  text,
  cards         integer NOT NULL,
  decisions     jsonb,
  gaps          jsonb,
  fetches       jsonb,
  is_cut        boolean NOT NULL,
  took_us       bigint NOT NULL,
  parse_us      bigint NOT NULL,
  wait_us       bigint NOT NULL,
  decide_us     bigint NOT NULL,
  render_us     bigint NOT NULL,
  UNIQUE (writer, sequence)
);
CREATE INDEX audit_at ON pgxgate.audit USING brin (at);
CREATE INDEX audit_hook_instance ON pgxgate.audit (hook_instance) WHERE hook_instance IS NOT NULL;

COMMENT ON TABLE pgxgate.audit IS
  'One row per hook call: knowledge, decisions, gaps and times; no patient values. Append-only.';
COMMENT ON COLUMN pgxgate.audit.id IS 'In order of arrival.';
COMMENT ON COLUMN pgxgate.audit.tenant IS 'For installations that serve several organisations; else empty.';
COMMENT ON COLUMN pgxgate.audit.writer IS 'The gateway process that wrote the row: random per start.';
COMMENT ON COLUMN pgxgate.audit.sequence IS 'Counts the rows of a writer from 1; a gap is a lost row.';
COMMENT ON COLUMN pgxgate.audit.at IS 'When the call was answered, by the gateway''s clock.';
COMMENT ON COLUMN pgxgate.audit.request_id IS 'As in the log and in the response header.';
COMMENT ON COLUMN pgxgate.audit.worker IS 'The worker thread that answered.';
COMMENT ON COLUMN pgxgate.audit.service IS 'CDS service id.';
COMMENT ON COLUMN pgxgate.audit.hook IS 'CDS hook.';
COMMENT ON COLUMN pgxgate.audit.hook_instance IS 'The EHR''s name for the call; ties feedback to it.';
COMMENT ON COLUMN pgxgate.audit.client IS 'The CDS client, as authenticated.';
COMMENT ON COLUMN pgxgate.audit.outcome IS 'ok, or the label of the failure as in the metrics.';
COMMENT ON COLUMN pgxgate.audit.http_status IS 'Status of the response.';
COMMENT ON COLUMN pgxgate.audit.release_hash IS 'Content hash of the knowledge that decided.';
COMMENT ON COLUMN pgxgate.audit.cards IS 'How many cards were returned.';
COMMENT ON COLUMN pgxgate.audit.decisions IS
  'Array: drug, genes with their state, recommendation ids, alert, card uuid.';
COMMENT ON COLUMN pgxgate.audit.gaps IS 'Array: what was not known, by gene or kind.';
COMMENT ON COLUMN pgxgate.audit.fetches IS 'Array: kind, outcome, status and time of each FHIR fetch.';
COMMENT ON COLUMN pgxgate.audit.is_cut IS 'Decisions, gaps and fetches were too large and are left out.';
COMMENT ON COLUMN pgxgate.audit.took_us IS 'From the first byte of the request to the answer.';
COMMENT ON COLUMN pgxgate.audit.parse_us IS 'Of that, reading the request.';
COMMENT ON COLUMN pgxgate.audit.wait_us IS 'Of that, waiting for FHIR servers.';
COMMENT ON COLUMN pgxgate.audit.decide_us IS 'Of that, deciding.';
COMMENT ON COLUMN pgxgate.audit.render_us IS 'Of that, writing the response.';

CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON pgxgate.audit
  FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.refuse();
