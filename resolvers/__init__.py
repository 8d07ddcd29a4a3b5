"""GraphQL resolvers, thin: arguments, one service call, a domain object."""
