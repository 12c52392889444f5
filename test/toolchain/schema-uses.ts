import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** A property path that the program gives to an AWS type, `metadataOptions.httpTokens`; elements of arrays go by the array's name. */
export interface SchemaUse {
  /** The npm package's name of it: `ec2/Instance`, `ec2/getAmi`, `getRegion`. */
  type: string;
  properties: string[];
  /** `infra/host.ts:54` */
  at: string;
}

/**
 * What the files use of `@pulumi/aws`: each `new aws.x.Y(name, {…})` and `aws.x.getY({…})` with all property names that
 * stand literally in its arguments, spreads and conditionals included. Arguments that are a variable are looked up where
 * it is a `const` with a literal in the same file; anything else of another shape is what TypeScript's types hold alone.
 */
export function schemaUses(files: ReadonlyMap<string, string>): SchemaUse[] {
  return [...files].flatMap(([path, text]) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const aliases = awsAliases(source);
    if (aliases.size === 0) return [];
    const constants = literalConstants(source);
    const uses: SchemaUse[] = [];
    const visit = (node: ts.Node): void => {
      const isNew = ts.isNewExpression(node);
      if (isNew || ts.isCallExpression(node)) {
        const type = typeName(node.expression, aliases);
        const isResource = isNew && type !== null;
        const isFunction = !isNew && type !== null && /(^|\/)get[A-Z]/.test(type);
        if (isResource || isFunction) {
          const args = node.arguments?.[isResource ? 1 : 0];
          const properties = new Set<string>();
          if (args) collect(args, "", properties, constants);
          const { line } = source.getLineAndCharacterOfPosition(node.getStart());
          uses.push({ type: type.replace(/Output$/, ""), properties: [...properties], at: `${path}:${line + 1}` });
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return uses;
  });
}

/** The names under which a file has `@pulumi/aws`, or a module of it, each with the module: `aws` -> ``, `rds` -> `rds`. */
function awsAliases(source: ts.SourceFile): Map<string, string> {
  const aliases = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const module = /^@pulumi\/aws(?:\/(.+))?$/.exec(statement.moduleSpecifier.text);
    const bindings = statement.importClause?.namedBindings;
    if (!module || !bindings) continue;
    const path = (module[1] ?? "").replace(/(\/index)?(\.js)?$/, "");
    if (ts.isNamespaceImport(bindings)) aliases.set(bindings.name.text, path);
    else
      for (const { name, propertyName } of bindings.elements)
        aliases.set(name.text, join(path, (propertyName ?? name).text));
  }
  return aliases;
}

function literalConstants(source: ts.SourceFile): Map<string, ts.Expression> {
  const constants = new Map<string, ts.Expression>();
  const visit = (node: ts.Node): void => {
    if (
      ts.isVariableDeclaration(node) &&
      ts.isIdentifier(node.name) &&
      node.initializer &&
      ts.isVariableDeclarationList(node.parent)
    ) {
      const value = bare(node.initializer);
      const isConst = (node.parent.flags & ts.NodeFlags.Const) !== 0;
      if (isConst && (ts.isObjectLiteralExpression(value) || ts.isArrayLiteralExpression(value)))
        constants.set(node.name.text, value);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return constants;
}

function typeName(expression: ts.Expression, aliases: Map<string, string>): string | null {
  if (ts.isIdentifier(expression)) {
    const name = aliases.get(expression.text);
    return name === undefined || name === "" ? null : name;
  }
  if (!ts.isPropertyAccessExpression(expression)) return null;
  const inner = ts.isIdentifier(expression.expression)
    ? aliases.get(expression.expression.text)
    : typeName(expression.expression, aliases);
  return inner === undefined || inner === null ? null : join(inner, expression.name.text);
}

function collect(node: ts.Expression, prefix: string, into: Set<string>, constants: Map<string, ts.Expression>): void {
  const value = bare(node);
  if (ts.isIdentifier(value)) {
    const constant = constants.get(value.text);
    if (constant) collect(constant, prefix, into, constants);
  } else if (ts.isConditionalExpression(value)) {
    collect(value.whenTrue, prefix, into, constants);
    collect(value.whenFalse, prefix, into, constants);
  } else if (ts.isBinaryExpression(value)) {
    collect(value.right, prefix, into, constants);
  } else if (ts.isArrayLiteralExpression(value)) {
    for (const element of value.elements) {
      collect(ts.isSpreadElement(element) ? element.expression : element, prefix, into, constants);
    }
  } else if (ts.isCallExpression(value)) {
    // `list.map((item) => ({ … }))` and `output.apply((value) => ({ … }))`
    for (const argument of value.arguments) {
      if (ts.isArrowFunction(argument) && !ts.isBlock(argument.body)) collect(argument.body, prefix, into, constants);
    }
  } else if (ts.isObjectLiteralExpression(value)) {
    for (const property of value.properties) {
      if (ts.isSpreadAssignment(property)) {
        collect(property.expression, prefix, into, constants);
        continue;
      }
      if (!property.name || ts.isComputedPropertyName(property.name)) continue;
      const path = prefix + property.name.text;
      into.add(path);
      if (ts.isPropertyAssignment(property)) collect(property.initializer, `${path}.`, into, constants);
      else if (ts.isShorthandPropertyAssignment(property)) collect(property.name, `${path}.`, into, constants);
    }
  }
}

function bare(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
    ? bare(node.expression)
    : node;
}

/** Every TypeScript file below a directory, by its path from `root`. */
export function typescriptFiles(directory: string, root = dirname(directory)): Map<string, string> {
  return new Map(
    ts.sys
      .readDirectory(directory, [".ts"], ["**/node_modules"])
      .map((path) => [relative(root, path), ts.sys.readFile(path) ?? ""] as const),
  );
}
