import { facts, ownerOf } from "./scope";

/** A catalog's row without what names it and what only this database's numbers tell. */
const row = (name: string, ...left: string[]): string => `(to_jsonb(${name}) - '{oid,${left.join(",")}}'::text[])`;

const notOfExtension = (catalog: string, name: string): string =>
  `NOT EXISTS (SELECT FROM extension_member WHERE classid = '${catalog}'::regclass AND objid = ${name}.oid)`;

/** What a database may hold besides tables, types and functions; each a query for lines. */
export const otherLines = [
  `SELECT format('schema %I: owner %s', nspname, ${ownerOf("nspowner")}) FROM space`,

  `SELECT format('extension %I: schema %I', e.extname, n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.oid >= 16384`,

  `SELECT format('statistics %s: ', pg_get_statisticsobjdef(s.oid)) || ${facts({
    owner: ownerOf("s.stxowner"),
    target: "nullif(to_jsonb(s) ->> 'stxstattarget', '-1')",
  })} FROM pg_statistic_ext AS s JOIN space ON space.oid = s.stxnamespace`,

  `SELECT format('collation %I.%I: owner %s ', space.nspname, c.collname, ${ownerOf("c.collowner")}) || ${row("c", "collname", "collnamespace", "collowner", "collversion")}
   FROM pg_collation AS c JOIN space ON space.oid = c.collnamespace WHERE ${notOfExtension("pg_collation", "c")}`,

  `SELECT format('conversion %I.%I: owner %s ', space.nspname, c.conname, ${ownerOf("c.conowner")}) || ${row("c", "conname", "connamespace", "conowner")}
   FROM pg_conversion AS c JOIN space ON space.oid = c.connamespace WHERE ${notOfExtension("pg_conversion", "c")}`,

  `SELECT format('operator class %I.%I: ', space.nspname, c.opcname) || ${facts({
    owner: ownerOf("c.opcowner"),
    method: "(SELECT amname FROM pg_am AS am WHERE am.oid = c.opcmethod)",
    type: "c.opcintype::regtype::text",
    family:
      "(SELECT format('%s.%I', f.opfnamespace::regnamespace, f.opfname) FROM pg_opfamily AS f WHERE f.oid = c.opcfamily)",
    default: "c.opcdefault",
    key: "nullif(c.opckeytype, 0)::regtype::text",
  })} FROM pg_opclass AS c JOIN space ON space.oid = c.opcnamespace WHERE ${notOfExtension("pg_opclass", "c")}`,

  `SELECT format('operator family %I.%I: ', space.nspname, f.opfname) || ${facts({
    owner: ownerOf("f.opfowner"),
    method: "(SELECT amname FROM pg_am AS am WHERE am.oid = f.opfmethod)",
    operators: `(SELECT jsonb_agg(jsonb_build_array(o.amopstrategy, o.amoppurpose, o.amopopr::regoperator::text, nullif(o.amopsortfamily, 0) IS NOT NULL) ORDER BY o.amopstrategy, o.amopopr::regoperator::text)
      FROM pg_amop AS o WHERE o.amopfamily = f.oid)`,
    functions: `(SELECT jsonb_agg(jsonb_build_array(p.amprocnum, p.amproclefttype::regtype::text, p.amprocrighttype::regtype::text, p.amproc::regprocedure::text) ORDER BY p.amprocnum, p.amproclefttype::regtype::text, p.amprocrighttype::regtype::text)
      FROM pg_amproc AS p WHERE p.amprocfamily = f.oid)`,
  })} FROM pg_opfamily AS f JOIN space ON space.oid = f.opfnamespace WHERE ${notOfExtension("pg_opfamily", "f")}`,

  `SELECT format('text search configuration %I.%I: ', space.nspname, c.cfgname) || ${facts({
    owner: ownerOf("c.cfgowner"),
    parser:
      "(SELECT format('%s.%I', p.prsnamespace::regnamespace, p.prsname) FROM pg_ts_parser AS p WHERE p.oid = c.cfgparser)",
    maps: `(SELECT jsonb_agg(jsonb_build_array(m.maptokentype, m.mapseqno, m.mapdict::regdictionary::text) ORDER BY m.maptokentype, m.mapseqno)
      FROM pg_ts_config_map AS m WHERE m.mapcfg = c.oid)`,
  })} FROM pg_ts_config AS c JOIN space ON space.oid = c.cfgnamespace WHERE ${notOfExtension("pg_ts_config", "c")}`,

  `SELECT format('text search dictionary %I.%I: ', space.nspname, d.dictname) || ${facts({
    owner: ownerOf("d.dictowner"),
    template:
      "(SELECT format('%s.%I', t.tmplnamespace::regnamespace, t.tmplname) FROM pg_ts_template AS t WHERE t.oid = d.dicttemplate)",
    options: "d.dictinitoption",
  })} FROM pg_ts_dict AS d JOIN space ON space.oid = d.dictnamespace WHERE ${notOfExtension("pg_ts_dict", "d")}`,

  `SELECT format('text search parser %I.%I: ', space.nspname, p.prsname) || ${row("p", "prsname", "prsnamespace")}
   FROM pg_ts_parser AS p JOIN space ON space.oid = p.prsnamespace WHERE ${notOfExtension("pg_ts_parser", "p")}`,

  `SELECT format('text search template %I.%I: ', space.nspname, t.tmplname) || ${row("t", "tmplname", "tmplnamespace")}
   FROM pg_ts_template AS t JOIN space ON space.oid = t.tmplnamespace WHERE ${notOfExtension("pg_ts_template", "t")}`,

  `SELECT format('language %I: ', l.lanname) || ${facts({
    owner: ownerOf("l.lanowner"),
    trusted: "l.lanpltrusted",
    functions:
      "jsonb_build_array(nullif(l.lanplcallfoid, 0)::regproc::text, nullif(l.laninline, 0)::regproc::text, nullif(l.lanvalidator, 0)::regproc::text)",
  })} FROM pg_language AS l WHERE l.oid >= 16384 AND ${notOfExtension("pg_language", "l")}`,

  `SELECT format('transform for %s language %s: ', t.trftype::regtype, (SELECT lanname FROM pg_language AS l WHERE l.oid = t.trflang)) || ${row("t", "trftype", "trflang")}
   FROM pg_transform AS t WHERE ${notOfExtension("pg_transform", "t")}`,

  `SELECT format('access method %I: ', a.amname) || ${row("a", "amname")} FROM pg_am AS a WHERE a.oid >= 16384 AND ${notOfExtension("pg_am", "a")}`,

  `SELECT format('foreign-data wrapper %I: ', w.fdwname) || ${facts({
    owner: ownerOf("w.fdwowner"),
    functions: "jsonb_build_array(nullif(w.fdwhandler, 0)::regproc::text, nullif(w.fdwvalidator, 0)::regproc::text)",
    options: "w.fdwoptions",
  })} FROM pg_foreign_data_wrapper AS w WHERE ${notOfExtension("pg_foreign_data_wrapper", "w")}`,

  `SELECT format('server %I: ', s.srvname) || ${facts({
    owner: ownerOf("s.srvowner"),
    wrapper: "(SELECT fdwname FROM pg_foreign_data_wrapper AS w WHERE w.oid = s.srvfdw)",
    type: "s.srvtype",
    version: "s.srvversion",
    options: "s.srvoptions",
  })} FROM pg_foreign_server AS s WHERE ${notOfExtension("pg_foreign_server", "s")}`,

  // Their options may hold a password, which a line would put into journal and report.
  `SELECT format('user mapping %s on %s: %s', m.usename, m.srvname, md5(m.umoptions::text)) FROM pg_user_mappings AS m`,

  `SELECT format('event trigger %I: ', e.evtname) || ${facts({
    owner: ownerOf("e.evtowner"),
    event: "e.evtevent",
    tags: "e.evttags",
    function: "e.evtfoid::regprocedure::text",
    enabled: "e.evtenabled",
  })} FROM pg_event_trigger AS e WHERE ${notOfExtension("pg_event_trigger", "e")}`,

  `SELECT format('publication %I: owner %s ', p.pubname, ${ownerOf("p.pubowner")}) || ${row("p", "pubname", "pubowner")} FROM pg_publication AS p`,

  `SELECT format('publication %I: table %s ', p.pubname, r.prrelid::regclass) || ${facts({
    where: "pg_get_expr(r.prqual, r.prrelid)",
    columns:
      "(SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))",
  })} FROM pg_publication AS p JOIN pg_publication_rel AS r ON r.prpubid = p.oid`,

  `SELECT format('publication %I: schema %s', p.pubname, n.pnnspid::regnamespace) FROM pg_publication AS p JOIN pg_publication_namespace AS n ON n.pnpubid = p.oid`,

  // Objects that go with an extension which did not make them.
  `SELECT format('%s %s: depends on extension %I', o.type, o.identity, e.extname) FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
   CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) AS o
   WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'x'`,
];
