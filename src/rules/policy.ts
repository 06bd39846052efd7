import type { ASTNode } from '@marcbachmann/cel-js';
import { HELPERS, PATTERN_HELPER } from './helpers.ts';
import { problemAt, type RuleProblem } from './problem.ts';
import { patternProblem } from './re2.ts';
import { LIST_MAX, type Variables } from './value.ts';

/** What a rule may be built of; anything else is refused before it is ever run (bonus-core §4, wrapping 2). */

export const NODES_MAX = 200;
export const DEPTH_MAX = 20;
const COMPREHENSION_NESTING_MAX = 1;

const COMPREHENSIONS: readonly string[] = ['exists', 'exists_one', 'all', 'filter', 'map'];
const METHODS: readonly string[] = ['size', 'startsWith', 'endsWith', 'contains'];
const FUNCTIONS: readonly string[] = ['size', ...HELPERS.map(({ name }) => name)];

const INT_MAX = 2n ** 63n - 1n;

/** Plain words for the parts of CEL that rules do without. */
const LEFT_OUT: Partial<Record<ASTNode['op'], string>> = {
  '.': 'rules have plain variables without parts; write the variable alone',
  '.?': 'optional values are not part of rules',
  '[]': 'taking one item out of a list is not part of rules; use exists or size',
  '[?]': 'optional values are not part of rules',
  map: 'maps are not part of rules',
};

/** What is learnt of a rule by walking through it once. */
export interface Walked {
  readonly problems: readonly RuleProblem[];
  /** The declared variables it reads. */
  readonly reads: readonly string[];
  /** Most steps one evaluation can take: nodes, those inside a comprehension counted for a full list. */
  readonly cost: number;
}

interface Scope {
  readonly depth: number;
  readonly loops: number;
  /** Loop variables around this node. */
  readonly locals: readonly string[];
  /** How often this node can be evaluated. */
  readonly times: number;
}

interface Walk {
  readonly source: string;
  readonly variables: Variables;
  readonly problems: RuleProblem[];
  readonly reads: Set<string>;
  nodes: number;
  cost: number;
}

export function walkRule(source: string, ast: ASTNode, variables: Variables): Walked {
  const walk: Walk = { source, variables, problems: [], reads: new Set(), nodes: 0, cost: 0 };
  visit(walk, ast, { depth: 1, loops: 0, locals: [], times: 1 });
  if (walk.nodes > NODES_MAX) {
    const size = `it has ${String(walk.nodes)} parts`;
    walk.problems.unshift(
      problemAt(source, 0, `the rule is too long: ${size}, at most ${String(NODES_MAX)}`),
    );
  }
  return { problems: walk.problems, reads: [...walk.reads].sort(), cost: walk.cost };
}

function visit(walk: Walk, node: ASTNode, scope: Scope): void {
  walk.nodes += 1;
  walk.cost += scope.times;
  if (scope.depth > DEPTH_MAX) {
    if (scope.depth === DEPTH_MAX + 1) {
      complain(walk, node, `the rule is nested too deeply, at most ${String(DEPTH_MAX)} levels`);
    }
    return;
  }
  const leftOut = LEFT_OUT[node.op];
  if (leftOut !== undefined) return complain(walk, node, leftOut);
  if (node.op === 'value') return visitLiteral(walk, node);
  if (node.op === 'id') return visitName(walk, node, scope);
  if (node.op === 'call') return visitCall(walk, node, scope);
  if (node.op === 'rcall') return visitMethod(walk, node, scope);
  for (const child of childrenOf(node)) visit(walk, child, deeper(scope));
}

function deeper(scope: Scope): Scope {
  return { ...scope, depth: scope.depth + 1 };
}

function complain(walk: Walk, node: ASTNode, reason: string): void {
  walk.problems.push(problemAt(walk.source, node.start, reason));
}

function visitLiteral(walk: Walk, node: ASTNode & { op: 'value' }): void {
  const value = node.args;
  if (typeof value === 'bigint' && value > INT_MAX) return complain(walk, node, 'this number is too large');
  if (typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean') return;
  complain(
    walk,
    node,
    typeof value === 'number'
      ? 'fractions are not part of rules; count in whole minor units, or use share_ppm'
      : 'only whole numbers, texts, true and false may stand in a rule',
  );
}

function visitName(walk: Walk, node: ASTNode & { op: 'id' }, { locals }: Scope): void {
  if (locals.includes(node.args)) return;
  if (Object.hasOwn(walk.variables, node.args)) walk.reads.add(node.args);
}

function visitCall(walk: Walk, node: ASTNode & { op: 'call' }, scope: Scope): void {
  const [name, args] = node.args;
  if (!FUNCTIONS.includes(name)) {
    const hint = name === 'matches' ? `; use ${PATTERN_HELPER}(text, 'pattern')` : '';
    return complain(walk, node, `there is no function ${name}${hint}`);
  }
  if (name === PATTERN_HELPER) checkPattern(walk, node, args[1]);
  for (const child of args) visit(walk, child, deeper(scope));
}

function checkPattern(walk: Walk, call: ASTNode, pattern: ASTNode | undefined): void {
  if (pattern?.op !== 'value' || typeof pattern.args !== 'string') {
    return complain(
      walk,
      pattern ?? call,
      `the pattern of ${PATTERN_HELPER} must stand in the rule as a text`,
    );
  }
  const problem = patternProblem(pattern.args);
  if (problem !== undefined) complain(walk, pattern, problem);
}

function visitMethod(walk: Walk, node: ASTNode & { op: 'rcall' }, scope: Scope): void {
  const [name, receiver, args] = node.args;
  if (COMPREHENSIONS.includes(name)) return visitComprehension(walk, node, scope);
  if (!METHODS.includes(name)) {
    const hint = name === 'matches' ? `; use ${PATTERN_HELPER}(text, 'pattern'), which cannot run away` : '';
    return complain(walk, node, `there is no method ${name}${hint}`);
  }
  for (const child of [receiver, ...args]) visit(walk, child, deeper(scope));
}

function visitComprehension(walk: Walk, node: ASTNode & { op: 'rcall' }, scope: Scope): void {
  const [name, list, [loop, ...body]] = node.args;
  if (scope.loops >= COMPREHENSION_NESTING_MAX) {
    return complain(walk, node, `${name} may not stand inside another walk through a list`);
  }
  if (!isBounded(list, walk.variables)) {
    return complain(walk, list, `${name} walks only through a list variable or a list in brackets`);
  }
  if (loop?.op !== 'id')
    return complain(walk, node, `${name} needs a name for the item, as in ${name}(x, ...)`);
  if (Object.hasOwn(walk.variables, loop.args))
    return complain(walk, loop, `${loop.args} is a variable; name the item otherwise`);
  visit(walk, list, deeper(scope));
  const inside: Scope = {
    depth: scope.depth + 1,
    loops: scope.loops + 1,
    locals: [...scope.locals, loop.args],
    times: scope.times * LIST_MAX,
  };
  for (const child of body) visit(walk, child, inside);
}

/** A declared list, a written one of few items, or what a filter or map leaves of one. */
function isBounded(node: ASTNode, variables: Variables): boolean {
  if (node.op === 'id') return variables[node.args] === 'strings';
  if (node.op === 'list') return node.args.length <= LIST_MAX;
  if (node.op !== 'rcall') return false;
  const [name, receiver] = node.args;
  return (name === 'filter' || name === 'map') && isBounded(receiver, variables);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === '!_' || node.op === '-_') return [node.args];
  return node.args as readonly ASTNode[];
}
