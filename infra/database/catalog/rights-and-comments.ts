/** SQL: a list of rights in words, in an order of their own. */
const inWords = (acl: string): string => `(
  SELECT string_agg(format('%s to %s%s by %s', privilege_type, CASE grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(grantee) END,
    CASE WHEN is_grantable THEN ' with grant option' END, pg_get_userbyid(grantor)), ', ' ORDER BY grantee, privilege_type, grantor, is_grantable) FROM aclexplode(${acl}))`;

/** Rights that nobody has changed are left out: they are the same whether they were ever written down or not. */
function rightsOf(from: string, subject: string, acl: string, usual: string): string {
  return `SELECT format('%s: rights %s', ${subject}, coalesce(${inWords(acl)}, 'none')) FROM ${from}
    WHERE ${acl} IS NOT NULL AND ${inWords(acl)} IS DISTINCT FROM ${inWords(usual)}`;
}

/** PostgreSQL's own objects and those of extensions: pg_dump writes what was changed since they came. */
function rightsSinceInstalled(catalog: string, prefix: string, usual: string): string {
  const [acl, space] = [`o.${prefix}acl`, `o.${prefix}namespace`];
  const changed = inWords(`coalesce(${acl}, ${usual})`);
  return `SELECT format('%s: rights %s', (SELECT type || ' ' || identity FROM pg_identify_object('${catalog}'::regclass, o.oid, 0)), coalesce(${changed}, 'none'))
    FROM ${catalog} AS o LEFT JOIN pg_init_privs AS i ON i.classoid = '${catalog}'::regclass AND i.objoid = o.oid AND i.objsubid = 0
    WHERE ${acl} IS DISTINCT FROM i.initprivs AND ${changed} IS DISTINCT FROM ${inWords(`coalesce(i.initprivs, ${usual})`)}
      AND (${space} = 'pg_catalog'::regnamespace
        OR EXISTS (SELECT FROM extension_member AS e WHERE e.classid = '${catalog}'::regclass AND e.objid = o.oid))`;
}

/** Rights, comments and labels of whatever there is; each a query for lines. */
export const rightsAndCommentLines = [
  rightsOf("space", "format('schema %I', nspname)", "nspacl", "acldefault('n', nspowner)"),
  rightsOf(
    "relation",
    "subject",
    "relacl",
    "acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", relowner)",
  ),
  `SELECT format('%s: column %I rights %s', c.subject, a.attname, ${inWords("a.attacl")})
   FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND NOT a.attisdropped WHERE ${inWords("a.attacl")} IS NOT NULL`,
  rightsOf("routine", "subject", "proacl", "acldefault('f', proowner)"),
  rightsOf("datatype", "subject", "typacl", "acldefault('T', typowner)"),
  rightsOf("pg_language AS l", "format('language %I', lanname)", "lanacl", "acldefault('l', lanowner)"),
  rightsOf(
    "pg_foreign_data_wrapper AS w",
    "format('foreign-data wrapper %I', fdwname)",
    "fdwacl",
    "acldefault('F', fdwowner)",
  ),
  rightsOf("pg_foreign_server AS s", "format('server %I', srvname)", "srvacl", "acldefault('S', srvowner)"),
  rightsSinceInstalled("pg_proc", "pro", "acldefault('f', o.proowner)"),
  rightsSinceInstalled(
    "pg_class",
    "rel",
    "acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", o.relowner)",
  ),

  `SELECT format('default rights of %s on %s in %s: %s', pg_get_userbyid(d.defaclrole), d.defaclobjtype,
     CASE d.defaclnamespace WHEN 0 THEN 'every schema' ELSE d.defaclnamespace::regnamespace::text END, coalesce(${inWords("d.defaclacl")}, 'none'))
   FROM pg_default_acl AS d WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN (SELECT oid FROM space)`,

  ...["pg_description", "pg_seclabel"].map((catalog) => {
    const [what, value] =
      catalog === "pg_description" ? ["comment", "t.description"] : ["label", "t.provider || ' ' || t.label"];
    return `SELECT format('%s: ${what}%s %s', coalesce(c.subject, o.type || ' ' || o.identity), ' on column ' || a.attname, ${value})
      FROM ${catalog} AS t CROSS JOIN LATERAL pg_identify_object(t.classoid, t.objoid, t.objsubid) AS o
      LEFT JOIN relation AS c ON t.classoid = 'pg_class'::regclass AND c.oid = t.objoid
      LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = t.objsubid AND t.objsubid > 0
      WHERE (t.objoid >= 16384 OR t.classoid = 'pg_namespace'::regclass AND t.objoid = to_regnamespace('public'))
        AND NOT EXISTS (SELECT FROM extension_member AS e WHERE e.classid = t.classoid AND e.objid = t.objoid)
        AND o.identity !~ '(^|[ .])rollback_keep(\\.|$)' AND o.identity !~ '(^| )public\\.migration_audit'`;
  }),
];
