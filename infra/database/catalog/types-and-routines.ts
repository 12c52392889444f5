import { facts, ownerOf } from "./scope";

const named = (column: string): string => `nullif(nullif(${column}, 0)::regproc::text, '-')`;

/** Types, functions, and what is made of them; each a query for lines. */
export const typeAndRoutineLines = [
  // The columns of a composite type are told with those of tables.
  `SELECT t.subject || ': ' || ${facts({
    owner: ownerOf("t.typowner"),
    kind: "t.typtype",
    labels: "(SELECT jsonb_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)",
    "made of": "CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END",
    collation:
      "CASE WHEN t.typtype = 'd' AND t.typcollation <> base.typcollation THEN t.typcollation::regcollation::text END",
    "not null": "nullif(t.typnotnull, false)",
    default: "coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault)",
    range: `(SELECT to_jsonb(r) - '{rngtypid,rngsubtype,rngmultitypid,rngcollation,rngsubopc}'::text[] || jsonb_build_object('subtype', r.rngsubtype::regtype::text,
      'multirange', r.rngmultitypid::regtype::text, 'collation', nullif(r.rngcollation, 0)::regcollation::text, 'class', (SELECT opcname FROM pg_opclass AS o WHERE o.oid = r.rngsubopc))
      FROM pg_range AS r WHERE r.rngtypid = t.oid)`,
    base: `CASE WHEN t.typtype = 'b' THEN jsonb_build_array(t.typlen, t.typbyval, t.typcategory, t.typispreferred, t.typdelim, t.typinput::text, t.typoutput::text,
      t.typreceive::text, t.typsend::text, t.typmodin::text, t.typmodout::text, t.typanalyze::text, t.typalign, t.typstorage, nullif(t.typelem, 0)::regtype::text) END`,
  })} FROM datatype AS t LEFT JOIN pg_type AS base ON base.oid = t.typbasetype`,

  `SELECT format('%s: constraint %I %s', t.subject, con.conname, pg_get_constraintdef(con.oid))
   FROM datatype AS t JOIN pg_constraint AS con ON con.contypid = t.oid`,

  `SELECT format('%s: %s owner %s', subject, CASE WHEN prokind <> 'a' THEN md5(pg_get_functiondef(oid)) END, ${ownerOf("proowner")}) FROM routine`,

  `SELECT p.subject || ': ' || ${facts({
    answers: "pg_get_function_result(p.oid)",
    arguments: "pg_get_function_arguments(p.oid)",
    parallel: "p.proparallel",
    states:
      "jsonb_build_array(format_type(g.aggtranstype, NULL), g.aggtransspace, format_type(nullif(g.aggmtranstype, 0), NULL), g.aggmtransspace)",
    functions: `jsonb_build_array(g.aggtransfn::text, g.aggfinalfn::text, g.aggcombinefn::text, g.aggserialfn::text, g.aggdeserialfn::text,
      g.aggmtransfn::text, g.aggminvtransfn::text, g.aggmfinalfn::text)`,
    flags: "jsonb_build_array(g.aggkind, g.aggfinalextra, g.aggmfinalextra, g.aggfinalmodify, g.aggmfinalmodify)",
    begins: "jsonb_build_array(g.agginitval, g.aggminitval)",
    sorted: "nullif(g.aggsortop, 0)::regoperator::text",
  })} FROM routine AS p JOIN pg_aggregate AS g ON g.aggfnoid = p.oid`,

  `SELECT format('cast %s as %s: ', c.castsource::regtype, c.casttarget::regtype) || ${facts({
    function: "nullif(c.castfunc, 0)::regprocedure::text",
    context: "c.castcontext",
    method: "c.castmethod",
  })} FROM pg_cast AS c WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_cast'::regclass AND objid = c.oid)`,

  `SELECT format('operator %s: ', o.oid::regoperator) || ${facts({
    owner: ownerOf("o.oprowner"),
    function: named("o.oprcode"),
    restrict: named("o.oprrest"),
    join: named("o.oprjoin"),
    commutator: "nullif(o.oprcom, 0)::regoperator::text",
    negator: "nullif(o.oprnegate, 0)::regoperator::text",
    hashes: "o.oprcanhash",
    merges: "o.oprcanmerge",
  })} FROM pg_operator AS o JOIN space ON space.oid = o.oprnamespace
  WHERE NOT EXISTS (SELECT FROM extension_member WHERE classid = 'pg_operator'::regclass AND objid = o.oid)`,
];
