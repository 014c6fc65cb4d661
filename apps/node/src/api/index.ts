export { ApiStartError, type ApiStartErrors } from './errors.ts';
export { PROBLEMS, type ProblemKind } from './problems.ts';
export { type Api, type ApiOptions, createApi } from './server.ts';
