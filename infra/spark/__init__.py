"""The build of the recommendation model as a Spark job, for more than one function can hold. It needs no database."""
