/** The dependency rule of ARCHITECTURE.md, as a check. */
const SQL = '^node_modules/(pg|knex|ioredis)/';
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-the-daemon-knows-both-ends',
      comment: 'src/ never imports protocols/, except src/daemon*.ts',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/daemon' },
      to: { path: '^protocols/' },
    },
    {
      name: 'a-protocol-imports-only-values-and-runtime',
      severity: 'error',
      from: { path: '^protocols/' },
      to: {
        path: '^src/',
        pathNot: '^src/(values/|runtime/|errors\\.ts)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'a-protocol-sees-only-channels-and-ports-as-types',
      severity: 'error',
      from: { path: '^protocols/' },
      to: { path: '^src/', pathNot: '^src/(values/|runtime/|errors\\.ts|channels/|[^/]+/ports\\.ts)' },
    },
    {
      name: 'a-protocol-never-imports-another',
      severity: 'error',
      from: { path: '^protocols/([^/]+)/' },
      to: { path: '^protocols/', pathNot: '^protocols/$1/' },
    },
    {
      name: 'channels-do-not-import-other-way',
      comment: 'arrows only go down: a domain never imports a channel',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(channels/|daemon|main\\.ts|cli/)' },
      to: { path: '^src/(channels/|daemon|main\\.ts|cli/)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'values-import-nothing-above',
      severity: 'error',
      from: { path: '^src/values/' },
      to: { path: '^src/', pathNot: '^src/(values/|errors\\.ts)' },
    },
    {
      name: 'sql-lives-in-stores',
      severity: 'error',
      from: {
        path: '^(src|protocols)/',
        pathNot: '^src/(storage/|ledger/kinds/|ledger/batch\\.ts|[^/]+/[a-z-]*store\\.ts)',
      },
      to: { path: SQL, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'independent-peers-stay-outside',
      severity: 'error',
      from: { path: '^(src|protocols)/' },
      to: { path: '^node_modules/(smpp|modesl|nodecap2)/' },
    },
    {
      name: 'simulators-stand-alone',
      severity: 'error',
      from: { path: '^simulators/' },
      to: { path: '^(src|protocols)/' },
    },
    {
      name: 'no-barrels',
      severity: 'error',
      from: {},
      to: { path: '^(src|protocols|simulators)/.*index\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default'],
    },
  },
};
