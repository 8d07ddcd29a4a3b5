import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { inWords } from "../api/errors";
import { makeRecoveryCode, recoveryCode, revokeRecoveryCode } from "../api/recovery";
import { texts } from "../texts";
import { queries } from "./files";

const KEY = ["recovery-code"];

/** The guest's recovery code: what is known of it, and the code itself while it is shown. */
export function useRecoveryCode() {
  const known = useQuery({ queryKey: KEY, queryFn: recoveryCode, staleTime: 0 });
  const [code, setCode] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [says, setSays] = useState("");
  const [failed, setFailed] = useState<unknown>(null);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailed(null);
    setSays("");
    try {
      await work();
      await queries.invalidateQueries({ queryKey: KEY });
    } catch (error) {
      setFailed(error);
    } finally {
      setBusy(false);
    }
  };
  const make = () => attempt(async () => setCode(await makeRecoveryCode()));
  const revoke = () =>
    attempt(async () => {
      await revokeRecoveryCode();
      setCode(null);
      setSays(texts.recovery.revoked);
    });
  const error = failed ?? known.error;
  return {
    known: known.data,
    code,
    busy,
    says,
    failure: error ? inWords(error) : "",
    make,
    revoke,
  };
}
