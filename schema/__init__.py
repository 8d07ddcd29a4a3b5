"""The GraphQL surface; reads like SDL."""
