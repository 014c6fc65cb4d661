import type { ComponentChildren, JSX } from 'preact';
import type { Loaded } from './load.ts';

/** A long id in few characters, whole on hover and for copying. */
export function Hash({ value, href, long }: { value: string; href?: string; long?: boolean }): JSX.Element {
  const text = long ? value : `${value.slice(0, 8)}…${value.slice(-6)}`;
  const body = (
    <code class="hash" title={value}>
      {text}
    </code>
  );
  return href ? <a href={href}>{body}</a> : body;
}

/** A time as the reader's clock shows it, exact on hover. */
export function Time({ value }: { value: string }): JSX.Element {
  return (
    <time dateTime={value} title={value}>
      {new Date(value).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })}
    </time>
  );
}

/** How a transaction ended. */
export function Outcome({ code }: { code: string }): JSX.Element {
  return <span class={code === 'OK' ? 'badge good' : 'badge bad'}>{code}</span>;
}

/** Named values below each other. */
export function Fields({ children }: { children: ComponentChildren }): JSX.Element {
  return <dl class="fields">{children}</dl>;
}

export function Field({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

export function Panel({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="panel">
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** What stands where an answer is still on its way or will not come. */
export function Await<T>({
  loaded,
  children,
}: {
  loaded: Loaded<T>;
  children: (value: T) => JSX.Element;
}): JSX.Element {
  if (loaded.state === 'ready') return children(loaded.value);
  if (loaded.state === 'loading') return <p class="quiet">Loading…</p>;
  const { code, message, hint } = loaded.failure;
  return (
    <section class="panel" role="alert">
      <h2>{code}</h2>
      <p>{message}</p>
      {hint && <p class="quiet">{hint}</p>}
    </section>
  );
}

/** Any JSON, readable. */
export function Json({ value }: { value: unknown }): JSX.Element {
  return <pre class="json">{JSON.stringify(value, null, 2)}</pre>;
}
