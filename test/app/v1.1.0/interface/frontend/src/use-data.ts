import { useCallback, useEffect, useState } from "react";
import { call } from "./api";

/** What a GET gives, the message of what failed, and a function that asks again. */
export function useData<T>(path: string) {
  const [data, setData] = useState<T>();
  const [failure, setFailure] = useState<string>();
  const reload = useCallback(
    () => call<T>("GET", path).then(setData, (cause: Error) => setFailure(cause.message)),
    [path],
  );
  useEffect(() => void reload(), [reload]);

  /** Does something, then asks again; its failure shows on the page. */
  const change = (work: () => Promise<unknown>): Promise<void> => {
    setFailure(undefined);
    return work().then(reload, (cause: Error) => setFailure(cause.message));
  };
  return { data, failure, change };
}
