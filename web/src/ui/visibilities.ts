import { Globe, Lock, Users } from "lucide-react";
import type { Visibility } from "../generated/graphql";

/** A mark for each visibility, in the order that they are offered in. */
export const VISIBILITY_MARKS = { PRIVATE: Lock, SHARED: Users, PUBLIC: Globe };
export const VISIBILITIES = Object.keys(VISIBILITY_MARKS) as Visibility[];
