import { facts, ownerOf } from "./scope";

/** Tables, views, sequences and everything that belongs to one of them; each a query for lines. */
export const relationLines = [
  `SELECT subject || ': ' || ${facts({
    owner: ownerOf("c.relowner"),
    persistence: "nullif(c.relpersistence, 'p')",
    options: "c.reloptions",
    "toast options": "toast.reloptions",
    tablespace: "(SELECT spcname FROM pg_tablespace AS s WHERE s.oid = c.reltablespace)",
    "access method": "(SELECT nullif(amname, 'heap') FROM pg_am AS am WHERE am.oid = c.relam)",
    "row security": "nullif(c.relrowsecurity, false)",
    "forced row security": "nullif(c.relforcerowsecurity, false)",
    "replica identity":
      "nullif(c.relreplident, CASE WHEN c.relkind IN ('r', 'p', 'm') THEN 'd'::\"char\" ELSE c.relreplident END)",
    "of type": "nullif(c.reloftype, 0)::regtype::text",
    inherits: "(SELECT jsonb_agg(inhparent::regclass::text ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid)",
    "partition key": "CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END",
    bound: "pg_get_expr(c.relpartbound, c.oid)",
    server:
      "(SELECT srvname FROM pg_foreign_table JOIN pg_foreign_server AS s ON s.oid = ftserver WHERE ftrelid = c.oid)",
    "foreign options": "(SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = c.oid)",
  })} FROM relation AS c LEFT JOIN pg_class AS toast ON toast.oid = c.reltoastrelid`,

  `SELECT format('%s: query %s', subject, pg_get_viewdef(oid)) FROM relation WHERE relkind IN ('v', 'm')`,

  `SELECT subject || ': ' || ${facts({
    type: "format_type(s.seqtypid, NULL)",
    start: "s.seqstart",
    increment: "s.seqincrement",
    minimum: "s.seqmin",
    maximum: "s.seqmax",
    cache: "s.seqcache",
    cycle: "s.seqcycle",
    "owned by": "d.refobjid::regclass || '.' || quote_ident(a.attname)",
  })} FROM relation AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
  LEFT JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
  LEFT JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid`,

  `SELECT format('%s: column %I ', c.subject, a.attname) || ${facts({
    place: "row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum)",
    type: "format_type(a.atttypid, a.atttypmod)",
    collation: "CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END",
    "not null": "nullif(a.attnotnull, false)",
    default: "pg_get_expr(d.adbin, d.adrelid)",
    generated: "nullif(a.attgenerated, '')",
    identity: "nullif(a.attidentity, '')",
    storage: "nullif(a.attstorage, t.typstorage)",
    compression: "nullif(a.attcompression, '')",
    statistics: "nullif(to_jsonb(a) ->> 'attstattarget', '-1')",
    options: "a.attoptions",
    "foreign options": "a.attfdwoptions",
    inherited: "nullif(a.attislocal OR c.relispartition, true)",
  })} FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relkind <> 'S'`,

  `SELECT format('%s: constraint %I %s%s', c.subject, con.conname, pg_get_constraintdef(con.oid),
     CASE WHEN NOT (con.conislocal OR c.relispartition) THEN ' inherited' END)
   FROM relation AS c JOIN pg_constraint AS con ON con.conrelid = c.oid AND con.contype <> 't' AND (con.contype <> 'f' OR con.conparentid = 0)`,

  `SELECT format('%s: index %s ', c.subject, pg_get_indexdef(i.indexrelid)) || ${facts({
    invalid: "nullif(i.indisvalid AND i.indisready, true)",
    clustered: "nullif(i.indisclustered, false)",
    "replica identity": "nullif(i.indisreplident, false)",
    tablespace: "(SELECT spcname FROM pg_tablespace AS s WHERE s.oid = x.reltablespace)",
    part: "(SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = x.oid)",
    statistics: `(SELECT jsonb_object_agg(a.attnum, to_jsonb(a) -> 'attstattarget') FROM pg_attribute AS a
      WHERE a.attrelid = x.oid AND coalesce(to_jsonb(a) ->> 'attstattarget', '-1') <> '-1')`,
  })} FROM relation AS c JOIN pg_index AS i ON i.indrelid = c.oid JOIN pg_class AS x ON x.oid = i.indexrelid`,

  // Partitions have their parent's triggers; one of them is told where it fires otherwise.
  `SELECT format('%s: trigger %s %s', c.subject, pg_get_triggerdef(t.oid), t.tgenabled) FROM relation AS c
   JOIN pg_trigger AS t ON t.tgrelid = c.oid AND NOT t.tgisinternal LEFT JOIN pg_trigger AS parent ON parent.oid = t.tgparentid
   WHERE t.tgenabled IS DISTINCT FROM parent.tgenabled`,

  `SELECT format('%s: rule %s %s', c.subject, pg_get_ruledef(r.oid), r.ev_enabled) FROM relation AS c
   JOIN pg_rewrite AS r ON r.ev_class = c.oid AND (r.rulename <> '_RETURN' OR r.ev_enabled <> 'O')`,

  `SELECT format('%s: policy %I ', c.subject, p.polname) || ${facts({
    command: "p.polcmd",
    permissive: "p.polpermissive",
    roles:
      "(SELECT jsonb_agg(CASE role WHEN 0 THEN 'public' ELSE pg_get_userbyid(role) END ORDER BY 1) FROM unnest(p.polroles) AS role)",
    using: "pg_get_expr(p.polqual, p.polrelid)",
    check: "pg_get_expr(p.polwithcheck, p.polrelid)",
  })} FROM relation AS c JOIN pg_policy AS p ON p.polrelid = c.oid`,
];
