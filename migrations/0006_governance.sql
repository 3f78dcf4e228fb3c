-- 0006_governance.sql -- who approved a release, from when it is to be used, what it leaves out.
--
--     draft --> tested --> (approved) --> active <--> retired
--                 |  may be scheduled:  ^
--                 +-- activate_due() ---+
--
-- How many people must approve is policy: 0 as shipped. The trigger on release counts them
-- whoever is connected, so that no program is trusted to do it. Approvals belong to the content
-- and stay with it: a release that was active before keeps the ones it had.
--
-- A schedule is made when the release's cases hold, since they cannot be run in SQL; the content
-- cannot change afterwards, so that what held then still holds when it is due.

-- Policy -------------------------------------------------------------------------------------

CREATE TABLE pgxgate.release_policy (
  id               integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  approvals_needed integer NOT NULL CHECK (approvals_needed BETWEEN 0 AND 5),
  set_at           timestamptz NOT NULL DEFAULT now(),
  set_by_role      text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE pgxgate.release_policy IS
  'What activating a release takes; the newest row counts, the others are its history.';
COMMENT ON COLUMN pgxgate.release_policy.id IS 'Order of setting.';
COMMENT ON COLUMN pgxgate.release_policy.approvals_needed IS
  'How many different people must have approved a release before it becomes active.';
COMMENT ON COLUMN pgxgate.release_policy.set_at IS 'When it was set.';
COMMENT ON COLUMN pgxgate.release_policy.set_by_role IS 'Database role that set it.';

CREATE FUNCTION pgxgate.approvals_needed() RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT approvals_needed FROM pgxgate.release_policy
                    ORDER BY id DESC LIMIT 1), 0)
$$;
COMMENT ON FUNCTION pgxgate.approvals_needed() IS 'What the policy says now.';

-- Approvals ----------------------------------------------------------------------------------

CREATE TABLE pgxgate.release_approval (
  release_id  integer NOT NULL REFERENCES pgxgate.release (id),
  approver    text NOT NULL
              CHECK (approver = btrim(approver) AND approver !~ '[[:cntrl:]]'
                     AND char_length(approver) BETWEEN 1 AND 120),
  role        text NOT NULL DEFAULT session_user,
  approved_at timestamptz NOT NULL DEFAULT now(),
  note        text CHECK (note !~ '[[:cntrl:]]' AND char_length(note) BETWEEN 1 AND 1000)
);
-- Case and blanks do not make another person.
CREATE UNIQUE INDEX release_approval_once_each
  ON pgxgate.release_approval (release_id, lower(regexp_replace(approver, '\s+', ' ', 'g')));
COMMENT ON TABLE pgxgate.release_approval IS
  'A person''s consent to a release, given once and never changed.';
COMMENT ON COLUMN pgxgate.release_approval.release_id IS 'The release.';
COMMENT ON COLUMN pgxgate.release_approval.approver IS 'Who, as stated by who was connected.';
COMMENT ON COLUMN pgxgate.release_approval.role IS 'Database role that was connected.';
COMMENT ON COLUMN pgxgate.release_approval.approved_at IS 'When.';
COMMENT ON COLUMN pgxgate.release_approval.note IS 'What was looked at, in the approver''s words.';

CREATE FUNCTION pgxgate.approvals_of(integer) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT count(*)::integer FROM pgxgate.release_approval WHERE release_id = $1
$$;
COMMENT ON FUNCTION pgxgate.approvals_of(integer) IS 'How many people approved the release.';

-- Role and time are the database's own word, whatever the statement says.
CREATE FUNCTION pgxgate.guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM pgxgate.release WHERE id = NEW.release_id AND state = 'draft') THEN
    RAISE EXCEPTION 'a draft cannot be approved: its cases must hold first'
      USING ERRCODE = 'PX002';
  END IF;
  NEW.role := session_user;
  NEW.approved_at := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION pgxgate.guard_approval() IS
  'Refuses approvals of drafts; says who was connected, and when.';
CREATE TRIGGER guard BEFORE INSERT ON pgxgate.release_approval
  FOR EACH ROW EXECUTE FUNCTION pgxgate.guard_approval();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON pgxgate.release_approval
  FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.refuse();

CREATE FUNCTION pgxgate.guard_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.set_by_role := session_user;
  NEW.set_at := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION pgxgate.guard_policy() IS 'Says who was connected, and when.';
CREATE TRIGGER guard BEFORE INSERT ON pgxgate.release_policy
  FOR EACH ROW EXECUTE FUNCTION pgxgate.guard_policy();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON pgxgate.release_policy
  FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.refuse();
INSERT INTO pgxgate.release_policy (approvals_needed) VALUES (0);

-- Dates --------------------------------------------------------------------------------------

ALTER TABLE pgxgate.release
  ADD COLUMN is_scheduled   boolean NOT NULL DEFAULT false,
  ADD COLUMN effective_from timestamptz,
  ADD CHECK (NOT is_scheduled OR (effective_from IS NOT NULL AND state IN ('tested', 'retired')));
ALTER TABLE pgxgate.release DISABLE TRIGGER guard;
UPDATE pgxgate.release SET effective_from = activated_at WHERE activated_at IS NOT NULL;
ALTER TABLE pgxgate.release ENABLE TRIGGER guard;
CREATE UNIQUE INDEX release_one_scheduled_per_name ON pgxgate.release (name) WHERE is_scheduled;
COMMENT ON COLUMN pgxgate.release.is_scheduled IS
  'It will become active at effective_from by itself.';
COMMENT ON COLUMN pgxgate.release.effective_from IS
  'is_scheduled: from when it is to be used; else since when it was, the last time.';

-- SQLSTATE PX003: too few approvals. The steps and dates of 0001, and what is new above.
CREATE OR REPLACE FUNCTION pgxgate.guard_release() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  needed integer := pgxgate.approvals_needed();
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
    NEW.effective_from := NULL;
    RETURN NEW;
  END IF;
  IF (NEW.id, NEW.name, NEW.version, NEW.developer, NEW.content_hash, NEW.imported_at)
     IS DISTINCT FROM
     (OLD.id, OLD.name, OLD.version, OLD.developer, OLD.content_hash, OLD.imported_at) THEN
    RAISE EXCEPTION 'a release cannot be changed, only its state' USING ERRCODE = 'PX001';
  END IF;
  IF NEW.state = OLD.state THEN
    NEW.tested_at := OLD.tested_at;
    NEW.activated_at := OLD.activated_at;
    NEW.retired_at := OLD.retired_at;
    IF NEW.is_scheduled = OLD.is_scheduled THEN
      RAISE EXCEPTION 'a release cannot go from % to %', OLD.state, NEW.state
        USING ERRCODE = 'PX002';
    END IF;
    IF NOT NEW.is_scheduled THEN
      NEW.effective_from := OLD.activated_at;
      RETURN NEW;
    END IF;
    IF OLD.state NOT IN ('tested', 'retired') THEN
      RAISE EXCEPTION 'a release that is % cannot be scheduled', OLD.state
        USING ERRCODE = 'PX002';
    END IF;
    IF NEW.effective_from IS NULL OR NEW.effective_from <= now() THEN
      RAISE EXCEPTION 'a release is scheduled for a time to come' USING ERRCODE = 'PX002';
    END IF;
  ELSIF (OLD.state, NEW.state) NOT IN
     (('draft', 'tested'), ('tested', 'active'), ('active', 'retired'), ('retired', 'active')) THEN
    RAISE EXCEPTION 'a release cannot go from % to %', OLD.state, NEW.state
      USING ERRCODE = 'PX002';
  ELSE
    NEW.is_scheduled := OLD.is_scheduled;
    NEW.effective_from := OLD.effective_from;
  END IF;
  IF (NEW.state = 'active' OR NEW.is_scheduled) AND pgxgate.approvals_of(OLD.id) < needed THEN
    RAISE EXCEPTION 'the release has % of the % approvals that it needs',
      pgxgate.approvals_of(OLD.id), needed USING ERRCODE = 'PX003';
  END IF;
  IF NEW.state = OLD.state THEN
    RETURN NEW;
  END IF;
  NEW.tested_at := CASE NEW.state WHEN 'tested' THEN now() ELSE OLD.tested_at END;
  NEW.activated_at := CASE NEW.state WHEN 'active' THEN now() ELSE OLD.activated_at END;
  NEW.retired_at := CASE NEW.state WHEN 'retired' THEN now() ELSE OLD.retired_at END;
  IF NEW.state = 'active' THEN
    NEW.effective_from := CASE WHEN OLD.is_scheduled THEN least(OLD.effective_from, now())
                               ELSE now() END;
    NEW.is_scheduled := false;
  END IF;
  RETURN NEW;
END $$;

-- One change of states at a time. Row locks alone would let two gateways, or a gateway and a
-- person, wait for each other. The number is arbitrary: "pgxrel" in ASCII.
CREATE FUNCTION pgxgate.one_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(x'70677872656c'::bigint);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION pgxgate.one_at_a_time() IS 'Changes of releases wait for each other.';
CREATE TRIGGER one_at_a_time BEFORE UPDATE ON pgxgate.release
  FOR EACH STATEMENT EXECUTE FUNCTION pgxgate.one_at_a_time();

-- What was planned for a name ends when another release of that name is taken.
CREATE FUNCTION pgxgate.clear_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE pgxgate.release SET is_scheduled = false
   WHERE name = NEW.name AND is_scheduled AND id <> NEW.id;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION pgxgate.clear_schedule() IS
  'Activating a release unschedules the other ones of its name.';
CREATE TRIGGER clear_schedule AFTER UPDATE OF state ON pgxgate.release
  FOR EACH ROW WHEN (NEW.state = 'active' AND OLD.state <> 'active')
  EXECUTE FUNCTION pgxgate.clear_schedule();

-- Called by every gateway when it looks for a release. One that finds another one at it, or a
-- person with an open transaction, leaves it to the next look. It runs with its owner's rights:
-- a gateway's role need not be able to change releases.
CREATE FUNCTION pgxgate.activate_due() RETURNS integer LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due       record;
  activated integer := 0;
BEGIN
  IF NOT EXISTS (SELECT FROM pgxgate.release WHERE is_scheduled AND effective_from <= now())
     OR NOT pg_try_advisory_xact_lock(x'70677872656c'::bigint) THEN
    RETURN 0;
  END IF;
  FOR due IN SELECT id, name FROM pgxgate.release
              WHERE is_scheduled AND effective_from <= now()
                AND pgxgate.approvals_of(id) >= pgxgate.approvals_needed()
              ORDER BY effective_from, id
  LOOP
    UPDATE pgxgate.release SET state = 'retired' WHERE name = due.name AND state = 'active';
    UPDATE pgxgate.release SET state = 'active' WHERE id = due.id;
    activated := activated + 1;
  END LOOP;
  RETURN activated;
END $$;
COMMENT ON FUNCTION pgxgate.activate_due() IS
  'Activates the scheduled releases whose time has come; gives how many. One that lacks approvals by now stays scheduled.';

-- What a guideline leaves out ----------------------------------------------------------------

CREATE TABLE pgxgate.omission (
  release_id integer NOT NULL,
  ordinal    integer NOT NULL,
  drug       text NOT NULL,
  gene       text NOT NULL,
  key        text NOT NULL,
  why        text NOT NULL,
  UNIQUE (release_id, drug, gene, key),
  FOREIGN KEY (release_id, drug) REFERENCES pgxgate.drug (release_id, name),
  FOREIGN KEY (release_id, gene) REFERENCES pgxgate.gene (release_id, symbol)
);
COMMENT ON TABLE pgxgate.omission IS
  'A gene result for which the sources of a drug have no recommendation: left out by them, not by us.';
COMMENT ON COLUMN pgxgate.omission.drug IS 'The drug.';
COMMENT ON COLUMN pgxgate.omission.gene IS 'The gene.';
COMMENT ON COLUMN pgxgate.omission.key IS 'The result, written as in conditions.';
COMMENT ON COLUMN pgxgate.omission.why IS 'The reason, for reviewers.';
SELECT pgxgate.make_release_table('omission');
