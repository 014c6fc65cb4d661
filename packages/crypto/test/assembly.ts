/** What a module of `assembly/` exports: functions of addresses and integers, and its memory. */
export interface AssemblyModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly call: (name: string, ...args: readonly number[]) => number;
}

/** The part of the WebAssembly JavaScript interface that is used. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array): Promise<{
    readonly instance: { readonly exports: Record<string, unknown> & Pick<AssemblyModule, 'memory'> };
  }>;
};

/** Addresses from here on are free in every module that `compileAssembly` gives. */
export const FREE = 65_536;
const PAGES = 2;

/** Compiles one file of `assembly/` as the verifier is compiled, with all that it exports. */
export async function compileAssembly(file: string): Promise<AssemblyModule> {
  // The compiler's types declare what Node's do: they stay out of this program.
  const compiler: string = new URL('../assembly/compile.js', import.meta.url).href;
  const { compile } = (await import(compiler)) as { compile(file: string, pages: number): Promise<Uint8Array> };
  const { exports } = (await WebAssembly.instantiate(await compile(file, PAGES))).instance;
  return {
    memory: exports.memory,
    call: (name, ...args) => (exports[name] as (...numbers: readonly number[]) => number)(...args),
  };
}
